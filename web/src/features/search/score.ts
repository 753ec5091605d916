import { defaultFilter } from 'cmdk';

/** Before the value of an entry that the host has found. */
export const FOUND = 'found:';
/** Below every entry that fits the words by its label: what comes in later moves nothing that is chosen. */
const LEAST = 1e-9;

/** How well an entry fits: what the host has found always does. */
export function score(value: string, typed: string, keywords?: string[]): number {
  return value.startsWith(FOUND) ? LEAST : defaultFilter(value, typed, keywords);
}
