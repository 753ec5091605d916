import { normalizeInput } from './normalize-input';

/** Parses a whole number; null for `1e3`, `+5` and `1,5`, which are not interpreted. */
export function readWholeNumber(typed: string): number | null {
  const text = normalizeInput(typed);
  return /^-?\d{1,9}$/u.test(text) ? Number(text) : null;
}
