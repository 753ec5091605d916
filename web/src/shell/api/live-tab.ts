import type { Listener } from './live-feed';
import type { HubHost } from './live-hosts';
import type { Channel, FromHub, FromTab } from './live-hub';
import { randomId } from './random-id';

/** Milliseconds between two messages of a tab to the hub. */
const SAY = 10_000;
/** Milliseconds without a message after which the hub counts as missing. */
const SILENCE = 25_000;
/** Milliseconds in which two heartbeats of the host are missing. */
const TOO_QUIET = 22_000;

/** Client of the shared stream in one tab. Detects a silent hub. */
export class LiveTab {
  private readonly tab = randomId();
  private readonly views = new Set<string>();
  private channel: Channel | null = null;
  private leave: () => void = () => {};
  private heard = Date.now();
  private looked = Date.now();
  private timer: ReturnType<typeof setInterval> | undefined;
  private place = 0;

  constructor(
    private readonly actor: string,
    private readonly listener: Listener,
    private readonly hosts: HubHost[],
    private readonly open: (name: string) => Channel = name => new BroadcastChannel(name),
  ) {
    this.enter();
    this.timer = setInterval(() => this.look(), SAY);
  }

  want(view: string): void {
    if (this.views.has(view)) return;
    this.views.add(view);
    this.say();
  }

  /** Called when the page resumes or the network changes. */
  wake(network: 'same' | 'changed'): void {
    this.say();
    const silentFor = network === 'changed' ? 0 : TOO_QUIET;
    this.channel?.postMessage({ from: 'tab', tab: this.tab, silentFor });
  }

  /** Called when the page is hidden in the back/forward cache; [`wake`] follows if it returns. */
  sleep(): void {
    this.channel?.postMessage({ from: 'tab', tab: this.tab, left: true });
  }

  close(): void {
    clearInterval(this.timer);
    this.sleep();
    this.leave();
    this.channel?.close();
    this.channel = null;
  }

  private enter(): void {
    for (; this.place < this.hosts.length; this.place++) {
      const host = this.hosts[this.place];
      if (host && this.enterAt(host, this.place)) return;
    }
  }

  private enterAt(host: HubHost, place: number): boolean {
    const name = host.channel(this.actor, this.tab);
    const channel = this.open(name);
    channel.addEventListener('message', ({ data }) => this.hear(data as FromTab | FromHub));
    const leave = host.enter(name, this.actor, () => {
      if (place === this.place) this.enterNext();
    });
    if (!leave) {
      channel.close();
      return false;
    }
    [this.channel, this.leave, this.heard] = [channel, leave, Date.now()];
    this.say();
    return true;
  }

  /** Tries the next environment; the last one is repeated. */
  private enterNext(): void {
    this.leave();
    this.channel?.close();
    this.place = Math.min(this.place + 1, this.hosts.length - 1);
    this.enter();
  }

  private say(): void {
    this.channel?.postMessage({ from: 'tab', tab: this.tab, views: [...this.views] });
  }

  private look(): void {
    // Messages of the hub may be delayed after a sleep.
    const slept = Date.now() - this.looked > 2 * SAY;
    this.looked = Date.now();
    if (!slept && Date.now() - this.heard > SILENCE) {
      this.listener.working(false);
      this.enterNext();
    } else {
      this.say();
    }
  }

  private hear(message: FromTab | FromHub): void {
    if (message.from !== 'hub') return;
    this.heard = Date.now();
    if ('changed' in message) this.listener.changed(message.changed);
    else if ('missed' in message) this.listener.missed(message.missed);
    else if ('works' in message) this.listener.working(message.works);
    else if ('foreign' in message) this.listener.foreign();
    else this.say();
  }
}
