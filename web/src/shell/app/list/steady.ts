export interface Steady<R> {
  rows: R[];
  /** New ones that would push others away. */
  fresh: number;
  /** Of those that are shown, the ids of those that are no longer there. */
  gone: ReadonlySet<string>;
}

/**
 * What may be shown of `live` while `shown` is on the screen and must not move: each row in its place, as it is now, and
 * behind the last one what is new there.
 */
export function steady<R>(shown: readonly R[], live: readonly R[], rowId: (row: R) => string): Steady<R> {
  const now = new Map(live.map(row => [rowId(row), row]));
  const before = new Set(shown.map(rowId));
  const last = live.findLastIndex(row => before.has(rowId(row)));
  const behind = live.slice(last + 1);
  const ahead = live.slice(0, last + 1).filter(row => !before.has(rowId(row)));
  return {
    rows: [...shown.map(row => now.get(rowId(row)) ?? row), ...behind],
    fresh: ahead.length,
    gone: new Set([...before].filter(id => !now.has(id))),
  };
}
