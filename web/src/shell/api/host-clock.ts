/** Difference in milliseconds between the host's clock and this computer's. */
let ahead = 0;

/**
 * Differences below this value in milliseconds are ignored, since the header has a resolution of
 * one second.
 */
const COARSE = 2_000;

/**
 * Updates the difference from a response's `Date`, which is assigned to the middle between request
 * and response.
 */
export function noteHostTime(date: string | null, asked: number, answered: number): void {
  const host = Date.parse(date ?? '');
  if (Number.isNaN(host)) return;
  const difference = host + 500 - (asked + answered) / 2;
  ahead = Math.abs(difference) < COARSE + (answered - asked) / 2 ? 0 : difference;
}

/** Present time by the host's clock, so that ages are right on a computer with a wrong clock. */
export const hostNow = (): Date => new Date(Date.now() + ahead);
