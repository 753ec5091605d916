import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Listener } from './live-feed';
import type { HubHost } from './live-hosts';
import { LiveHub } from './live-hub';
import { LiveTab } from './live-tab';
import { FakeChannels, FakeSource } from './live-testing';

/** Browser with tabs of several people; the first tab creates the hub, as with a shared worker. */
function browser() {
  const channels = new FakeChannels();
  const sources: FakeSource[] = [];
  const hubs = new Map<string, LiveHub>();
  const open = (url: string) => {
    const source = new FakeSource(url);
    sources.push(source);
    return source;
  };
  const worker: HubHost = {
    channel: actor => `eaf-live:${actor}`,
    enter(name, actor) {
      if (!hubs.has(name)) hubs.set(name, new LiveHub(channels.channel(name), actor, open));
      return () => {};
    },
  };
  const tab = (actor: string, hosts = [worker]) => {
    const listener = {
      changed: vi.fn<Listener['changed']>(),
      missed: vi.fn<Listener['missed']>(),
      working: vi.fn<Listener['working']>(),
      foreign: vi.fn<Listener['foreign']>(),
    };
    const live = new LiveTab(actor, listener, hosts, name => channels.channel(name));
    return { live, ...listener };
  };
  return { tab, worker, open: () => sources.filter(source => source.readyState !== 2) };
}

const change = { plugin: 'shop', view: 'orders', key: 'a' };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('tabs', () => {
  it('of one person share one stream, and each receives changes', () => {
    const { tab, open } = browser();
    const tabs = Array.from({ length: 7 }, () => tab('lena'));
    tabs[0]?.live.want('shop/orders');
    tabs[6]?.live.want('shop/bikes');
    vi.advanceTimersByTime(100);
    expect(open()).toHaveLength(1);
    open()[0]?.tell('heartbeat', { resumed: false, actor: 'lena' });
    open()[0]?.tell('change', change);
    vi.advanceTimersByTime(1_000);
    for (const { changed } of tabs) expect(changed).toHaveBeenCalledWith([change]);
  });

  it('of different persons have streams of their own', () => {
    const { tab, open } = browser();
    const [lena, tom] = [tab('lena'), tab('tom')];
    lena.live.want('shop/orders');
    tom.live.want('shop/orders');
    vi.advanceTimersByTime(100);
    expect(open()).toHaveLength(2);
    open()[0]?.tell('heartbeat', { resumed: false, actor: 'lena' });
    open()[0]?.tell('change', change);
    vi.advanceTimersByTime(1_000);
    expect(lena.changed).toHaveBeenCalledWith([change]);
    expect(tom.changed).not.toHaveBeenCalled();
    expect(tom.working).not.toHaveBeenCalledWith(false);
  });

  it('learn that the session belongs to another person', () => {
    const { tab, open } = browser();
    const tabs = [tab('lena'), tab('lena')];
    tabs[0]?.live.want('shop/orders');
    vi.advanceTimersByTime(100);
    open()[0]?.tell('heartbeat', { resumed: false, actor: 'tom' });
    for (const { foreign } of tabs) expect(foreign).toHaveBeenCalledTimes(1);
    expect(open()).toHaveLength(0);
  });

  it('close the stream with the last of them, and open it when one comes again', () => {
    const { tab, open } = browser();
    const [first, second] = [tab('lena'), tab('lena')];
    first.live.want('shop/orders');
    second.live.want('shop/orders');
    vi.advanceTimersByTime(100);
    first.live.close();
    expect(open()).toHaveLength(1);
    second.live.close();
    expect(open()).toHaveLength(0);
    tab('lena').live.want('shop/orders');
    vi.advanceTimersByTime(100);
    expect(open()).toHaveLength(1);
  });

  it('that disappear silently are removed, and added when they return', () => {
    const { tab, open } = browser();
    const [stays, sleeps] = [tab('lena'), tab('lena')];
    stays.live.want('shop/orders');
    sleeps.live.want('shop/bikes');
    vi.advanceTimersByTime(100);
    sleeps.live.sleep();
    stays.live.want('shop/parts');
    vi.advanceTimersByTime(100);
    expect(open()[0]?.url).not.toContain('bikes');
    sleeps.live.wake('same');
    vi.advanceTimersByTime(100);
    expect(open()[0]?.url).toContain('bikes');
  });

  it('report an interruption when the hub does not answer, and try another environment', () => {
    const { tab, worker, open } = browser();
    const dead: HubHost = { channel: () => 'dead', enter: () => () => {} };
    const { live, working } = tab('lena', [dead, worker]);
    live.want('shop/orders');
    vi.advanceTimersByTime(30_500);
    expect(working.mock.calls[0]).toEqual([false]);
    open()[0]?.tell('heartbeat', { resumed: false, actor: 'lena' });
    expect(working).toHaveBeenLastCalledWith(true);
  });

  it('skip environments that this browser lacks', () => {
    const { tab, worker, open } = browser();
    const none: HubHost = { channel: () => 'none', enter: () => null };
    const failures: (() => void)[] = [];
    const fails: HubHost = {
      channel: () => 'fails',
      enter(_, __, failed) {
        failures.push(failed);
        return () => {};
      },
    };
    const { live } = tab('lena', [none, fails, worker]);
    live.want('shop/orders');
    for (const failed of failures) failed();
    vi.advanceTimersByTime(100);
    expect(open()).toHaveLength(1);
  });
});
