/** Requests of an order, in the order of their lines. */
export function byLine<R extends { order_line: number | null }>(rows: readonly R[]): R[] {
  return [...rows].sort((one, other) => (one.order_line ?? 0) - (other.order_line ?? 0));
}
