import { asSeen } from './as-seen';

/** Exactly what was typed, or null: `1e3`, `+5` and `1,5` are no whole numbers, and nothing is made of them. */
export function readWholeNumber(typed: string): number | null {
  const text = asSeen(typed);
  return /^-?\d{1,9}$/u.test(text) ? Number(text) : null;
}
