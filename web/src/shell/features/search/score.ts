import { holds, wordsOf } from './words';

/** Before the value of what the host has found. */
export const FOUND = 'found:';
/** The value of a thing that was found in a view. */
export const foundId = (product: string, view: string, key: string) => `${FOUND}${product}/${view}/${key}`;

/** Before the value of what does something. */
export const ACTS = 'acts:';

/**
 * How well an entry fits what is typed. Pages stand above what the host finds, which comes in later, and that above what
 * does something. What was found always fits.
 */
export function score(value: string, typed: string, keywords: string[] = []): number {
  if (value.startsWith(FOUND)) return 0.5;
  if (!holds(wordsOf(typed), keywords)) return 0;
  return value.startsWith(ACTS) ? 0.25 : 1;
}

/** Enter alone only goes somewhere: what does something is chosen by arrows or pointer. */
export function isPreselected(value: string): boolean {
  return !value.includes(ACTS);
}
