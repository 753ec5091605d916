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
  /** Whether changes are told at present. Called with true again and again: it is a sign of life. */
  working(works: boolean): void;
  /** The browser's session has become somebody else's, so the stream is theirs. It is closed. */
  foreign(): void;
}

/** The host's first event on a stream says whose it is, and whether it goes on where the last one ended. */
interface Heartbeat {
  actor?: string;
  resumed?: boolean;
}

const CLOSED = 2;
/** Views of one page come one after the other; one connection for all of them. */
const GATHER = 40;
/** A thousand rows may change at once. */
const COALESCE = 200;
/** A restart of the host or the end of a connection's life is no interruption to speak of. */
const GRACE = 4_000;
/** The host sends a heartbeat at once … */
const FIRST_BEAT = 8_000;
/** … and every 10 s. What opens and stays silent, or becomes silent, is held back on the way. */
const SILENCE = 25_000;
const LONGEST_PAUSE = 15_000;
const JUST_NOW = 2_000;

/**
 * One connection for all views that anybody looks at. It works when heartbeats come, not when it is open: proxies and
 * antivirus programs hold streams back without a word. Opened anew it goes on where it was, or says that it cannot know
 * what happened in between.
 */
export class LiveFeed {
  private wanted = new Set<string>();
  private source: Source | null = null;
  private changes: Change[] = [];
  private failures = 0;
  private lastBeat = 0;
  private connected = 0;
  /** Where the stream of these views was. */
  private reached: { views: string; id: string } | null = null;
  private gathering: Timer;
  private telling: Timer;
  private grace: Timer;
  private again: Timer;
  private silence: Timer;

  constructor(
    private readonly open: (url: string) => Source,
    private readonly actor: string,
    private readonly listener: Listener,
    /** Between 0 and 1: not all browsers come back at the same moment. */
    private readonly random: () => number = Math.random,
  ) {}

  /** In place of what was wanted before. A view that nobody wants any more goes with the next connection. */
  want(views: Iterable<string>): void {
    const before = this.wanted;
    this.wanted = new Set(views);
    if ([...this.wanted].every(view => before.has(view))) return;
    clearTimeout(this.gathering);
    this.gathering = setTimeout(() => this.connect(), GATHER);
  }

  /** Also ends it: nothing is told any more. */
  close(): void {
    for (const timer of [this.gathering, this.telling, this.grace, this.again, this.silence])
      clearTimeout(timer);
    this.source?.close();
    this.source = null;
    this.grace = undefined;
    this.telling = undefined;
  }

  /** In place of the connection that there may be. */
  connect(): void {
    clearTimeout(this.again);
    this.source?.close();
    const views = [...this.wanted];
    if (views.length === 0) return;
    this.connected = Date.now();
    const source = this.open(`/api/live?${this.query(views)}`);
    this.source = source;
    this.watch(FIRST_BEAT);
    const listen = (type: string, heard: (event: MessageEvent) => void) =>
      source.addEventListener(type, event => {
        if (source === this.source) heard(event);
      });
    listen('heartbeat', event => this.beat(event, views));
    listen('change', event => this.change(event, views));
    listen('reset', event => {
      this.reach(event, views);
      this.listener.missed(views);
    });
    listen('error', () => this.broken(source));
  }

  /**
   * After a sleep, or when the network has changed: a connection that was lost without a word looks open for minutes. All
   * tabs say so at the same moment.
   */
  connectIfSilent(longest: number): void {
    if (Date.now() - this.connected < JUST_NOW) return;
    if (Date.now() - this.lastBeat >= longest) this.connect();
  }

  private query(views: string[]): string {
    const query = new URLSearchParams(views.map(view => ['view', view]));
    if (this.reached?.views === views.join(' ')) query.set('last-event-id', this.reached.id);
    return query.toString();
  }

  private reach(event: MessageEvent, views: string[]): void {
    if (event.lastEventId) this.reached = { views: views.join(' '), id: event.lastEventId };
  }

  private beat(event: MessageEvent, views: string[]): void {
    const { actor, resumed } = JSON.parse(String(event.data)) as Heartbeat;
    if (actor !== undefined && actor !== this.actor) {
      this.close();
      this.listener.foreign();
      return;
    }
    this.reach(event, views);
    this.lastBeat = Date.now();
    this.failures = 0;
    clearTimeout(this.grace);
    this.grace = undefined;
    this.watch(SILENCE);
    this.listener.working(true);
    if (resumed === false) this.listener.missed(views);
  }

  private change(event: MessageEvent, views: string[]): void {
    this.reach(event, views);
    this.changes.push(JSON.parse(String(event.data)) as Change);
    this.telling ??= setTimeout(() => {
      this.telling = undefined;
      this.listener.changed(this.changes.splice(0));
    }, COALESCE);
  }

  private watch(longest: number): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      this.source?.close();
      this.listener.working(false);
      this.connectLater();
    }, longest);
  }

  private broken(source: Source): void {
    this.grace ??= setTimeout(() => this.listener.working(false), GRACE);
    // A lost connection is taken up again by the browser; a refused one is not.
    if (source.readyState === CLOSED) this.connectLater();
  }

  private connectLater(): void {
    clearTimeout(this.silence);
    clearTimeout(this.again);
    // A host that does not know what it was told to go on from refuses it.
    if (this.failures >= 2) this.reached = null;
    const pause = Math.min(1_000 * 2 ** this.failures++, LONGEST_PAUSE);
    this.again = setTimeout(() => this.connect(), pause * (0.5 + this.random()));
  }
}

type Timer = ReturnType<typeof setTimeout> | undefined;
