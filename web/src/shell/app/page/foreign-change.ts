/**
 * Minimum time in milliseconds between two repairs, since an immediate repetition would fail again.
 */
const LEAST_APART = 10_000;

const MOVED = /\b(?:removeChild|insertBefore)\b/u;

let last = -LEAST_APART;

/**
 * Whether to render a broken page once more: translations and extensions move nodes of React,
 * although the page itself has no bug.
 */
export function mayRepair(error: unknown, now: number): boolean {
  const foreign = error instanceof Error && (error.name === 'NotFoundError' || MOVED.test(error.message));
  return foreign && now - last >= LEAST_APART;
}

export function repaired(now: number): void {
  last = now;
}
