/** Soon after a repair the same would only happen again. */
const LEAST_APART = 10_000;

const MOVED = /\b(?:removeChild|insertBefore)\b/u;

let last = -LEAST_APART;

/**
 * Whether a page that broke this way is to be drawn once more by itself: a translation or an extension has moved what React
 * had put there, and nothing is wrong with the page.
 */
export function mayRepair(error: unknown, now: number): boolean {
  const foreign = error instanceof Error && (error.name === 'NotFoundError' || MOVED.test(error.message));
  return foreign && now - last >= LEAST_APART;
}

export function repaired(now: number): void {
  last = now;
}
