import type { Source } from './live-feed';
import type { Channel } from './live-hub';

/** EventSource controlled by a test. */
export class FakeSource implements Source {
  readyState = 0;
  private readonly listeners = new Map<string, (event: MessageEvent) => void>();

  constructor(readonly url: string) {}

  addEventListener(type: string, listener: (event: MessageEvent) => void): void {
    this.listeners.set(type, listener);
  }

  close(): void {
    this.readyState = 2;
  }

  tell(type: string, data: object = {}, lastEventId = ''): void {
    this.listeners.get(type)?.({ data: JSON.stringify(data), lastEventId } as MessageEvent);
  }

  /** Simulates a lost or a refused connection; browsers reconnect a lost one. */
  break(how: 'lost' | 'refused'): void {
    this.readyState = how === 'lost' ? 0 : 2;
    this.tell('error');
  }
}

/** Broadcast channels of one browser: a message reaches all others of the same name. */
export class FakeChannels {
  private readonly open = new Map<string, Set<FakeChannel>>();

  channel(name: string): FakeChannel {
    const others = this.open.get(name) ?? new Set();
    this.open.set(name, others);
    const channel = new FakeChannel(others);
    others.add(channel);
    return channel;
  }
}

export class FakeChannel implements Channel {
  private listeners: ((event: MessageEvent) => void)[] = [];

  constructor(private readonly all: Set<FakeChannel>) {}

  postMessage(data: unknown): void {
    for (const other of this.all)
      if (other !== this) for (const listener of other.listeners) listener({ data } as MessageEvent);
  }

  addEventListener(_: 'message', listener: (event: MessageEvent) => void): void {
    this.listeners.push(listener);
  }

  close(): void {
    this.all.delete(this);
    this.listeners = [];
  }
}
