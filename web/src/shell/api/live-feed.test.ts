import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Listener, LiveFeed } from './live-feed';
import { FakeSource } from './live-testing';

const ME = 'me';

function feed() {
  const sources: FakeSource[] = [];
  const listener = {
    changed: vi.fn<Listener['changed']>(),
    missed: vi.fn<Listener['missed']>(),
    working: vi.fn<Listener['working']>(),
    foreign: vi.fn<Listener['foreign']>(),
  };
  const open = (url: string) => {
    const source = new FakeSource(url);
    sources.push(source);
    return source;
  };
  let chance = 0.5;
  const live = new LiveFeed(open, ME, listener, () => chance);
  /** Newest connection. */
  const source = () => {
    const newest = sources.at(-1);
    if (!newest) throw new Error('no connection');
    return newest;
  };
  const setChance = (value: number) => {
    chance = value;
  };
  return { live, sources, source, listener, setChance };
}

const change = (key: string) => ({ plugin: 'shop', view: 'orders', key });

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function connected() {
  const all = feed();
  all.live.want(['shop/orders']);
  vi.advanceTimersByTime(100);
  all.source().tell('heartbeat', { resumed: false, actor: ME }, '1-1');
  return all;
}

/** Whether the feed reconnects within the time, with this value of the random number. */
function comesBackWithin(chance: number, time: number): boolean {
  const { sources, source, setChance } = connected();
  setChance(chance);
  source().break('refused');
  vi.advanceTimersByTime(time);
  return sources.length > 1;
}

describe('live updates', () => {
  it('use one connection for all views that are wanted at the same time', () => {
    const { live, sources } = feed();
    live.want(['shop/orders']);
    live.want(['shop/orders', 'shop/notes']);
    live.want(['shop/notes', 'shop/orders']);
    vi.advanceTimersByTime(100);
    expect(sources.map(source => source.url)).toEqual(['/api/live?view=shop%2Fnotes&view=shop%2Forders']);
  });

  it('reconnect for a further view, and report that changes may have been missed', () => {
    const { live, sources, source, listener } = connected();
    live.want(['shop/orders', 'shop/bikes']);
    vi.advanceTimersByTime(100);
    expect(sources[0]?.readyState).toBe(2);
    source().tell('heartbeat', { resumed: false, actor: ME }, '1-1,1-1');
    expect(listener.missed).toHaveBeenLastCalledWith(['shop/orders', 'shop/bikes']);
  });

  it('report many changes in one call', () => {
    const { source, listener } = connected();
    for (const key of ['a', 'b', 'c']) source().tell('change', change(key));
    vi.advanceTimersByTime(1_000);
    expect(listener.changed).toHaveBeenCalledTimes(1);
    expect(listener.changed).toHaveBeenCalledWith([change('a'), change('b'), change('c')]);
  });

  it('report a reset', () => {
    const { source, listener } = connected();
    listener.missed.mockClear();
    source().tell('reset');
    expect(listener.missed).toHaveBeenCalledWith(['shop/orders']);
  });

  it('work when a heartbeat comes, and not when the connection is open', () => {
    const { live, source, listener } = feed();
    live.want(['shop/orders']);
    vi.advanceTimersByTime(100);
    source().tell('open');
    vi.advanceTimersByTime(7_000);
    expect(listener.working).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2_000);
    expect(listener.working).toHaveBeenLastCalledWith(false);
  });

  it('count as interrupted within 30 s of silence, and reconnect', () => {
    const { sources, source, listener } = connected();
    vi.advanceTimersByTime(24_000);
    expect(listener.working).not.toHaveBeenCalledWith(false);
    source().tell('heartbeat', {}, '1-2');
    vi.advanceTimersByTime(30_000);
    expect(listener.working).toHaveBeenLastCalledWith(false);
    expect(sources.length).toBeGreaterThan(1);
    source().tell('heartbeat', { resumed: true, actor: ME }, '1-2');
    expect(listener.working).toHaveBeenLastCalledWith(true);
  });

  // Some antivirus programs on the person's machine buffer streams like this.
  it('count as interrupted, without flapping, if each event is buffered until the next', () => {
    const { live, sources, listener } = feed();
    live.want(['shop/orders']);
    const ages = new Map<FakeSource, number>();
    for (let second = 0; second < 180; second++) {
      vi.advanceTimersByTime(1_000);
      for (const source of sources) {
        ages.set(source, (ages.get(source) ?? 0) + 1);
        if (source.readyState !== 2 && ages.get(source)! % 10 === 0) source.tell('heartbeat', { actor: ME });
      }
    }
    expect(sources.length).toBeGreaterThan(5);
    expect(new Set(listener.working.mock.calls.flat())).toEqual(new Set([false]));
  });

  it('continue at the last event without a reload', () => {
    const { source, listener } = connected();
    source().tell('change', change('a'), '1-7~ab');
    listener.missed.mockClear();
    source().break('refused');
    vi.advanceTimersByTime(2_000);
    expect(source().url).toBe('/api/live?view=shop%2Forders&last-event-id=1-7%7Eab');
    source().tell('heartbeat', { resumed: true, actor: ME }, '1-7~ab');
    expect(listener.missed).not.toHaveBeenCalled();
  });

  it('start from the present when the host refuses the last event', () => {
    const { source } = connected();
    for (let time = 0; time < 3; time++) {
      source().break('refused');
      vi.advanceTimersByTime(20_000);
    }
    expect(source().url).toBe('/api/live?view=shop%2Forders');
  });

  it('count as interrupted when reconnecting takes long, and as working afterwards', () => {
    const { sources, source, listener } = connected();
    source().break('refused');
    vi.advanceTimersByTime(3_000);
    expect(listener.working).not.toHaveBeenCalledWith(false);
    vi.advanceTimersByTime(3_000);
    expect(listener.working).toHaveBeenLastCalledWith(false);
    expect(sources.length).toBeGreaterThan(1);
    source().tell('heartbeat', { resumed: true, actor: ME }, '1-1');
    expect(listener.working).toHaveBeenLastCalledWith(true);
  });

  it('do not report a short interruption', () => {
    const { source, listener } = connected();
    source().break('lost');
    vi.advanceTimersByTime(500);
    source().tell('heartbeat', { resumed: true, actor: ME }, '1-1');
    vi.advanceTimersByTime(10_000);
    expect(listener.working).not.toHaveBeenCalledWith(false);
  });

  it('reconnect at different times in different browsers', () => {
    expect([comesBackWithin(0, 600), comesBackWithin(0.9, 600), comesBackWithin(0.9, 1_500)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('are checked after a sleep, once for all tabs', () => {
    const { live, sources } = connected();
    vi.advanceTimersByTime(5_000);
    live.connectIfSilent(22_000);
    expect(sources).toHaveLength(1);
    vi.setSystemTime(Date.now() + 60_000);
    for (let tab = 0; tab < 7; tab++) live.connectIfSilent(22_000);
    expect(sources).toHaveLength(2);
  });

  it('end when the session belongs to another person, before any of their changes is reported', () => {
    const { live, source, listener } = feed();
    live.want(['shop/orders']);
    vi.advanceTimersByTime(100);
    source().tell('heartbeat', { resumed: false, actor: 'somebody else' }, '1-1');
    source().tell('change', change('a'));
    vi.advanceTimersByTime(60_000);
    expect(listener.foreign).toHaveBeenCalledTimes(1);
    expect(listener.changed).not.toHaveBeenCalled();
    expect(listener.missed).not.toHaveBeenCalled();
    expect(source().readyState).toBe(2);
  });
});
