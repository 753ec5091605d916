import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sessionQuery } from '@/shell/api/session';
import { askAgain, askWhenNetworkChanges } from './use-reach-again';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Times at which a tab with this random number asks in the first minute of an outage. */
function times(chance: number): number[] {
  const client = new QueryClient();
  const start = Date.now();
  const asked: number[] = [];
  vi.spyOn(client, 'refetchQueries').mockImplementation(() => {
    asked.push(Date.now() - start);
    return Promise.resolve();
  });
  vi.spyOn(client, 'invalidateQueries').mockResolvedValue();
  const back = askAgain(client, () => chance);
  vi.advanceTimersByTime(60_000);
  back();
  return asked;
}

/** Time and scope of the reload after the outage, for a tab with this random number. */
function reload(chance: number, visibility: DocumentVisibilityState): [number, unknown] {
  const client = new QueryClient();
  const invalidate = vi.spyOn(client, 'invalidateQueries').mockResolvedValue();
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(visibility);
  askAgain(client, () => chance)();
  const start = Date.now();
  while (invalidate.mock.calls.length === 0) vi.advanceTimersByTime(100);
  return [Date.now() - start, invalidate.mock.calls[0]?.[0]?.refetchType];
}

describe('all tabs after an outage', () => {
  it('poll at different times and growing intervals', () => {
    const [early, late] = [times(0), times(0.9)];
    expect([early[0], late[0]]).toEqual([1_000, 2_800]);
    const gaps = early.slice(1).map((time, index) => time - (early[index] ?? 0));
    expect(gaps.toSorted((a, b) => a - b)).toEqual(gaps);
    expect(early.length).toBeLessThan(14);
  });

  it('reload visible data at different times, and the rest when it is shown', () => {
    expect(reload(0.1, 'visible')).toEqual([200, 'active']);
    expect(reload(0.9, 'visible')).toEqual([1_800, 'active']);
    expect(reload(0.5, 'hidden')[1]).toBe('none');
  });
});

describe('a page that sends no request', () => {
  it('polls the host when the network changes, until the page is left', () => {
    const client = new QueryClient();
    const refetch = vi.spyOn(client, 'refetchQueries').mockResolvedValue();
    const leave = askWhenNetworkChanges(client);
    window.dispatchEvent(new Event('offline'));
    window.dispatchEvent(new Event('online'));
    expect(refetch.mock.calls).toEqual([
      [{ queryKey: sessionQuery.queryKey }],
      [{ queryKey: sessionQuery.queryKey }],
    ]);
    leave();
    window.dispatchEvent(new Event('offline'));
    expect(refetch).toHaveBeenCalledTimes(2);
  });
});
