/** How far the host's clock is ahead of this computer's, in milliseconds. */
let ahead = 0;

/** An answer says the second; less than this is no difference. */
const COARSE = 2_000;

/** From an answer's `Date`: in the middle of asking and being answered the host's clock was in that second. */
export function noteHostTime(date: string | null, asked: number, answered: number): void {
  const host = Date.parse(date ?? '');
  if (Number.isNaN(host)) return;
  const difference = host + 500 - (asked + answered) / 2;
  ahead = Math.abs(difference) < COARSE + (answered - asked) / 2 ? 0 : difference;
}

/** Now, as the host sees it: what it wrote a minute ago is a minute old, whatever this computer's clock says. */
export const hostNow = (): Date => new Date(Date.now() + ahead);
