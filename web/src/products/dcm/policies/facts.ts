import type { Fact, Operator } from './document';

/** Kind of input for the values of a fact. */
export type FactInput = 'money' | 'count' | 'hour' | 'weekday' | 'kind' | 'offering' | 'group' | 'text';

const INPUTS: Record<Fact, FactInput> = {
  monthly_cents: 'money',
  total_cents: 'money',
  cpus: 'count',
  memory_gb: 'count',
  term_months: 'count',
  machines: 'count',
  weekday: 'weekday',
  hour: 'hour',
  kind: 'kind',
  offering: 'offering',
  cost_centre: 'text',
  requester_groups: 'group',
};

const OF_NUMBERS: readonly Operator[] = ['gt', 'ge', 'lt', 'le', 'eq', 'ne', 'in'];
const OF_TEXTS: readonly Operator[] = ['eq', 'ne', 'in'];
const OF_SETS: readonly Operator[] = ['contains'];
const TEXTS: ReadonlySet<FactInput> = new Set(['kind', 'offering', 'text']);

export const inputOf = (fact: Fact): FactInput => INPUTS[fact];

export function isNumeric(fact: Fact): boolean {
  return !TEXTS.has(inputOf(fact)) && inputOf(fact) !== 'group';
}

/** Comparisons that the host accepts for a fact. */
export function operatorsOf(fact: Fact): readonly Operator[] {
  if (isNumeric(fact)) return OF_NUMBERS;
  return inputOf(fact) === 'group' ? OF_SETS : OF_TEXTS;
}
