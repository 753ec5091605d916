/** One changed row, as `/api/live` tells it. */
export interface Change {
  plugin: string;
  view: string;
  key: string;
}

/** The part of EventSource that is used; a test brings its own. */
export interface Source {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: MessageEvent) => void): void;
  close(): void;
}

export interface Listener {
  /** Some rows changed. Called at most once in a while, however many there are. */
  changed(changes: Change[]): void;
  /** Anything in these views may have changed without a word. */
  missed(views: string[]): void;
  /** Whether changes are told at present. */
  working(works: boolean): void;
}

const CLOSED = 2;
/** Views of one page come one after the other; one connection for all of them. */
const GATHER = 40;
/** A thousand rows may change at once. */
const COALESCE = 200;
/** A restart of the host or the end of a connection's life is no interruption to speak of. */
const GRACE = 2_500;
const LONGEST_PAUSE = 15_000;

/**
 * One connection for all views that anybody looks at. A view once wanted stays: people come back to their pages, and
 * every new set of views costs a new connection. Opened anew it cannot know what happened in between, and says so.
 */
export class LiveFeed {
  private wanted = new Set<string>();
  private source: Source | null = null;
  private changes: Change[] = [];
  private failures = 0;
  private gathering: Timer;
  private telling: Timer;
  private grace: Timer;
  private again: Timer;

  constructor(
    private readonly open: (url: string) => Source,
    private readonly listener: Listener,
  ) {}

  want(view: string): void {
    if (this.wanted.has(view)) return;
    this.wanted.add(view);
    clearTimeout(this.gathering);
    this.gathering = setTimeout(() => this.connect(), GATHER);
  }

  /** Also ends it: nothing is told any more. */
  close(): void {
    for (const timer of [this.gathering, this.telling, this.grace, this.again]) clearTimeout(timer);
    this.source?.close();
    this.source = null;
    this.grace = undefined;
  }

  /** In place of the connection that there may be. */
  connect(): void {
    clearTimeout(this.again);
    this.source?.close();
    const views = [...this.wanted];
    if (views.length === 0) return;
    const source = this.open(`/api/live?${views.map(view => `view=${encodeURIComponent(view)}`).join('&')}`);
    this.source = source;
    source.addEventListener('open', () => this.opened(views));
    source.addEventListener('change', event => this.change(event));
    source.addEventListener('reset', () => this.listener.missed(views));
    source.addEventListener('error', () => this.broken(source));
  }

  private opened(views: string[]): void {
    this.failures = 0;
    clearTimeout(this.grace);
    this.grace = undefined;
    this.listener.working(true);
    this.listener.missed(views);
  }

  private change(event: MessageEvent): void {
    this.changes.push(JSON.parse(String(event.data)) as Change);
    this.telling ??= setTimeout(() => {
      this.telling = undefined;
      this.listener.changed(this.changes.splice(0));
    }, COALESCE);
  }

  private broken(source: Source): void {
    if (source !== this.source) return;
    this.grace ??= setTimeout(() => this.listener.working(false), GRACE);
    // A lost connection is taken up again by the browser; a refused one is not.
    if (source.readyState !== CLOSED) return;
    clearTimeout(this.again);
    const pause = Math.min(1_000 * 2 ** this.failures++, LONGEST_PAUSE);
    this.again = setTimeout(() => this.connect(), pause);
  }
}

type Timer = ReturnType<typeof setTimeout> | undefined;
