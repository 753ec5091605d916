import type { CommandBody } from '../api';

/** Maximum number of people, and of groups. */
export const MOST = 5;

/**
 * Values of the form. The lists have `MOST` entries each, filled from the first one; an empty entry
 * stands for no person or group, so that drafts and errors find an entry by its number.
 */
export interface ReassignValues {
  stage: string;
  /** Actor ids, with their names in `names`. */
  actors: string[];
  names: string[];
  /** Keys. */
  groups: string[];
  reason: string;
}

const NUMBERS = [0, 1, 2, 3, 4] as const;

export const FIELDS = [
  'stage',
  ...NUMBERS.map(number => `actors.${number}` as const),
  ...NUMBERS.map(number => `names.${number}` as const),
  ...NUMBERS.map(number => `groups.${number}` as const),
  'reason',
] as const;

export const noValues = (stage: string): ReassignValues => ({
  stage,
  actors: NUMBERS.map(() => ''),
  names: NUMBERS.map(() => ''),
  groups: NUMBERS.map(() => ''),
  reason: '',
});

/** List with another entry; an entry that becomes empty is removed, and the others move up. */
export function withEntry(list: readonly string[], index: number, entry: string): string[] {
  const filled = list.map((one, at) => (at === index ? entry : one)).filter(Boolean);
  return NUMBERS.map(number => filled[number] ?? '');
}

/** Entries to show: the filled ones and one to fill, up to `MOST`. */
export const shownOf = (list: readonly string[]): string[] =>
  list.slice(0, Math.min(list.filter(Boolean).length + 1, MOST));

/** Body of the command; `given` are the members that the row offers. */
export function toBody(
  given: Record<string, unknown>,
  { stage, actors, groups, reason }: ReassignValues,
): CommandBody<'reassign-stage'> {
  return {
    ...given,
    stage,
    actors: actors.filter(Boolean),
    groups: groups.filter(Boolean),
    reason,
  } as CommandBody<'reassign-stage'>;
}
