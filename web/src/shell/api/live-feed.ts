/** Changed row in an event of `/api/live`. */
export interface Change {
  plugin: string;
  view: string;
  key: string;
}

/** Part of EventSource that the feed uses, so that tests can replace it. */
export interface Source {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: MessageEvent) => void): void;
  close(): void;
}

export interface Listener {
  /** Receives changed rows, coalesced over a short time. */
  changed(changes: Change[]): void;
  /** Receives views in which changes may have been missed. */
  missed(views: string[]): void;
  /** Receives whether updates arrive at present; repeated calls with true are heartbeats. */
  working(works: boolean): void;
  /** Called when the browser's session belongs to another person; the stream is closed. */
  foreign(): void;
}

/**
 * First event of a stream: its person, and whether it continues the previous stream without a gap.
 */
interface Heartbeat {
  actor?: string;
  resumed?: boolean;
}

const CLOSED = 2;
/** Milliseconds to collect the views of a page for one connection. */
const GATHER = 40;
/** Milliseconds to coalesce changes, of which there may be a thousand at once. */
const COALESCE = 200;
/**
 * Milliseconds without a connection before it counts as interrupted, so that restarts of the host
 * do not.
 */
const GRACE = 4_000;
/** Milliseconds until the first heartbeat, which the host sends at once. */
const FIRST_BEAT = 8_000;
/**
 * Milliseconds without a heartbeat, sent every 10 s, after which a stream counts as interrupted.
 */
const SILENCE = 25_000;
const LONGEST_PAUSE = 15_000;
const JUST_NOW = 2_000;

/**
 * Connection for the live updates of all views on the screen.
 *
 * The feed works while heartbeats arrive, not while the connection is open: proxies and antivirus
 * programs may buffer streams. A new connection continues at the last event, or reports that
 * changes may have been missed.
 */
export class LiveFeed {
  private wanted = new Set<string>();
  private source: Source | null = null;
  private changes: Change[] = [];
  private failures = 0;
  private lastBeat = 0;
  private connected = 0;
  /** Last event of the stream, and its views. */
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
    /** Returns a number from 0 to 1, so that browsers reconnect at different times. */
    private readonly random: () => number = Math.random,
  ) {}

  /** Replaces the wanted views. The next connection omits views that are no longer wanted. */
  want(views: Iterable<string>): void {
    const before = this.wanted;
    this.wanted = new Set(views);
    if ([...this.wanted].every(view => before.has(view))) return;
    clearTimeout(this.gathering);
    this.gathering = setTimeout(() => this.connect(), GATHER);
  }

  /** Closes the connection for good. */
  close(): void {
    for (const timer of [this.gathering, this.telling, this.grace, this.again, this.silence])
      clearTimeout(timer);
    this.source?.close();
    this.source = null;
    this.grace = undefined;
    this.telling = undefined;
  }

  /** Opens a connection and closes the previous one. */
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
   * Reconnects after a sleep or a change of network, since a lost connection may look open for
   * minutes. All tabs call this at the same time.
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
    // Browsers reconnect a lost connection, but not a refused one.
    if (source.readyState === CLOSED) this.connectLater();
  }

  private connectLater(): void {
    clearTimeout(this.silence);
    clearTimeout(this.again);
    // The host refuses a position that it does not know.
    if (this.failures >= 2) this.reached = null;
    const pause = Math.min(1_000 * 2 ** this.failures++, LONGEST_PAUSE);
    this.again = setTimeout(() => this.connect(), pause * (0.5 + this.random()));
  }
}

type Timer = ReturnType<typeof setTimeout> | undefined;
