export interface Steady<R> {
  rows: R[];
  /** Number of new rows that would move others. */
  fresh: number;
  /** Ids of shown rows that no longer exist. */
  gone: ReadonlySet<string>;
}

/**
 * Rows to show of `live` while `shown` must not move: each row in its place with its present
 * values, and new rows after the last one.
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
