import { type Change, LiveFeed, type Source } from './live-feed';

/** Messages of tabs. The repeated list of wanted views is a tab's heartbeat. */
export type FromTab =
  | { from: 'tab'; tab: string; views: string[] }
  | { from: 'tab'; tab: string; left: true }
  /**
   * The connection may be lost: reconnect if the last heartbeat is older than this many
   * milliseconds.
   */
  | { from: 'tab'; tab: string; silentFor: number };

/** Messages to all tabs. */
export type FromHub =
  | { from: 'hub'; changed: Change[] }
  | { from: 'hub'; missed: string[] }
  | { from: 'hub'; works: boolean }
  | { from: 'hub'; foreign: true }
  /** A new hub asks the tabs for their views. */
  | { from: 'hub'; who: true };

/** Part of BroadcastChannel that the hub uses, so that tests can replace it. */
export interface Channel {
  postMessage(message: FromTab | FromHub): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  close(): void;
}

/**
 * Milliseconds without a message after which a tab counts as closed; timers of hidden tabs run once
 * a minute.
 */
const GONE_AFTER = 180_000;

/**
 * Stream shared by all tabs of a person.
 *
 * Browsers open six connections per host over HTTP/1.1 in total: with a stream per tab, the seventh
 * tab would never load.
 */
export class LiveHub {
  private readonly tabs = new Map<string, { views: string[]; heard: number }>();
  private readonly feed: LiveFeed;
  private works = true;

  constructor(
    private readonly channel: Channel,
    actor: string,
    open: (url: string) => Source = url => new EventSource(url),
  ) {
    const tell = (message: FromHub) => channel.postMessage(message);
    this.feed = new LiveFeed(open, actor, {
      changed: changed => tell({ from: 'hub', changed }),
      missed: missed => tell({ from: 'hub', missed }),
      working: works => {
        this.works = works;
        tell({ from: 'hub', works });
      },
      foreign: () => tell({ from: 'hub', foreign: true }),
    });
    channel.addEventListener('message', ({ data }) => {
      const message = data as FromTab | FromHub;
      if (message.from === 'tab') this.hear(message);
    });
    tell({ from: 'hub', who: true });
  }

  close(): void {
    this.feed.close();
    this.channel.close();
  }

  private hear(message: FromTab): void {
    if ('silentFor' in message) {
      this.feed.connectIfSilent(message.silentFor);
      return;
    }
    if ('left' in message) this.tabs.delete(message.tab);
    else this.tabs.set(message.tab, { views: message.views, heard: Date.now() });
    this.forgetGone();
    if (this.tabs.size === 0) {
      this.feed.want([]);
      this.feed.close();
      return;
    }
    this.feed.want([...this.tabs.values()].flatMap(({ views }) => views));
    this.channel.postMessage({ from: 'hub', works: this.works });
  }

  private forgetGone(): void {
    for (const [tab, { heard }] of this.tabs) if (Date.now() - heard > GONE_AFTER) this.tabs.delete(tab);
  }
}
