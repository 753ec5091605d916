import { holds, wordsOf } from './words';

/** Prefix of the value of a result. */
export const FOUND = 'found:';
/** Value of a result in a view. */
export const foundId = (product: string, view: string, key: string) => `${FOUND}${product}/${view}/${key}`;

/** Prefix of the value of an entry that acts. */
export const ACTS = 'acts:';

/**
 * Rank of an entry for the typed text: pages before the host's results, and these before entries
 * that act. Results always match.
 */
export function score(value: string, typed: string, keywords: string[] = []): number {
  if (value.startsWith(FOUND)) return 0.5;
  if (!holds(wordsOf(typed), keywords)) return 0;
  return value.startsWith(ACTS) ? 0.25 : 1;
}

/** Whether Enter may open the entry without a selection; entries that act must be selected. */
export function isPreselected(value: string): boolean {
  return !value.includes(ACTS);
}
