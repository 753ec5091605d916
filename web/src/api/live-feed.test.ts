import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Listener, LiveFeed, type Source } from './live-feed';

class FakeSource implements Source {
  readyState = 0;
  private readonly listeners = new Map<string, (event: MessageEvent) => void>();

  constructor(readonly url: string) {}

  addEventListener(type: string, listener: (event: MessageEvent) => void): void {
    this.listeners.set(type, listener);
  }

  close(): void {
    this.readyState = 2;
  }

  tell(type: string, data?: object): void {
    this.listeners.get(type)?.({ data: JSON.stringify(data ?? {}) } as MessageEvent);
  }
}

function feed() {
  const sources: FakeSource[] = [];
  const listener = {
    changed: vi.fn<Listener['changed']>(),
    missed: vi.fn<Listener['missed']>(),
    working: vi.fn<Listener['working']>(),
  };
  const live = new LiveFeed(url => {
    const source = new FakeSource(url);
    sources.push(source);
    return source;
  }, listener);
  return { live, sources, listener };
}

const change = (key: string) => ({ plugin: 'dcm', view: 'requests', key });

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('live updates', () => {
  it('have one connection for all views that are wanted at the same time', () => {
    const { live, sources } = feed();
    live.want('dcm/requests');
    live.want('dcm/timeline');
    live.want('dcm/requests');
    vi.runAllTimers();
    expect(sources.map(source => source.url)).toEqual(['/api/live?view=dcm%2Frequests&view=dcm%2Ftimeline']);
  });

  it('are connected anew for one more view, and say that something may have been missed', () => {
    const { live, sources, listener } = feed();
    live.want('dcm/requests');
    vi.runAllTimers();
    live.want('dcm/vms');
    vi.runAllTimers();
    expect(sources[0]?.readyState).toBe(2);
    sources[1]?.tell('open');
    expect(listener.missed).toHaveBeenLastCalledWith(['dcm/requests', 'dcm/vms']);
  });

  it('tell many changes at once', () => {
    const { live, sources, listener } = feed();
    live.want('dcm/requests');
    vi.runAllTimers();
    for (const key of ['a', 'b', 'c']) sources[0]?.tell('change', change(key));
    vi.runAllTimers();
    expect(listener.changed).toHaveBeenCalledTimes(1);
    expect(listener.changed).toHaveBeenCalledWith([change('a'), change('b'), change('c')]);
  });

  it('pass on a reset', () => {
    const { live, sources, listener } = feed();
    live.want('dcm/requests');
    vi.runAllTimers();
    sources[0]?.tell('reset');
    expect(listener.missed).toHaveBeenCalledWith(['dcm/requests']);
  });

  it('are called interrupted when they do not come back soon, and working once they are back', () => {
    const { live, sources, listener } = feed();
    live.want('dcm/requests');
    vi.advanceTimersByTime(100);
    const [source] = sources;
    if (!source) throw new Error('no connection');
    source.readyState = 2;
    source.tell('error');
    expect(listener.working).not.toHaveBeenCalled();
    vi.advanceTimersByTime(3_000);
    expect(listener.working).toHaveBeenLastCalledWith(false);
    expect(sources.length).toBeGreaterThan(1);
    sources.at(-1)?.tell('open');
    expect(listener.working).toHaveBeenLastCalledWith(true);
  });

  it('are called interrupted when a connection in place of one that looks open fails', () => {
    const { live, sources, listener } = feed();
    live.connect();
    expect(sources).toEqual([]);
    live.want('dcm/requests');
    vi.advanceTimersByTime(100);
    sources[0]?.tell('open');
    live.connect();
    expect(sources.map(source => source.readyState)).toEqual([2, 0]);
    sources[0]?.tell('error');
    vi.advanceTimersByTime(3_000);
    expect(listener.working).toHaveBeenLastCalledWith(true);
    sources[1]?.tell('error');
    vi.advanceTimersByTime(3_000);
    expect(listener.working).toHaveBeenLastCalledWith(false);
  });

  it('leave a blink unmentioned', () => {
    const { live, sources, listener } = feed();
    live.want('dcm/requests');
    vi.advanceTimersByTime(100);
    sources[0]?.tell('error');
    vi.advanceTimersByTime(500);
    sources[0]?.tell('open');
    vi.advanceTimersByTime(10_000);
    expect(listener.working).not.toHaveBeenCalledWith(false);
  });
});
