import { normalizeInput } from '@/shell/app/form/normalize-input';
import { readWholeNumber } from '@/shell/app/form/whole-number';
import type { Language } from '@/shell/i18n/language';
import { readEuros, writeEuros } from '../offerings/euros';
import type { Comparison, Condition, Fact, Operator, Value } from './document';
import { inputOf, isNumeric, operatorsOf } from './facts';

/** `none`: no part of the group holds. */
export type GroupType = 'all' | 'any' | 'none';

export interface GroupForm {
  type: GroupType;
  parts: PartForm[];
}

/** Comparison as typed; several values are separated by semicolons. */
export interface ComparisonForm {
  type: 'comparison';
  fact: Fact;
  is: Operator;
  value: string;
}

export type PartForm = GroupForm | ComparisonForm;

/** The empty group stands for no condition. */
export const NO_CONDITION: GroupForm = { type: 'all', parts: [] };

export const NEW_COMPARISON: ComparisonForm = {
  type: 'comparison',
  fact: 'monthly_cents',
  is: 'gt',
  value: '',
};

/** Error of input that no document can contain. */
export type Mistake = 'whole-number' | 'amount' | 'choice' | 'condition';

/** Receives the errors of one document, and knows the format of its amounts. */
export interface Writing {
  language: Language;
  refuse: (pointer: string, mistake: Mistake) => void;
}

export function readCondition(condition: Condition | undefined, language: Language): GroupForm {
  if (!condition) return NO_CONDITION;
  const part = readPart(condition, language);
  return part.type === 'comparison' ? { type: 'all', parts: [part] } : part;
}

function readPart(condition: Condition, language: Language): PartForm {
  const group = (type: GroupType, parts: Condition[]): GroupForm => ({
    type,
    parts: parts.map(part => readPart(part, language)),
  });
  if ('all' in condition) return group('all', condition.all);
  if ('any' in condition) return group('any', condition.any);
  if (!('not' in condition)) return readComparison(condition, language);
  const { not } = condition;
  return group('none', 'any' in not && not.any.length !== 1 ? not.any : [not]);
}

function readComparison({ fact, is, value }: Comparison, language: Language): ComparisonForm {
  const show = (one: Value) =>
    inputOf(fact) === 'money' && typeof one === 'number' ? writeEuros(one, language) : String(one);
  return {
    type: 'comparison',
    fact,
    is,
    value: Array.isArray(value) ? joined(value.map(show)) : show(value),
  };
}

/** Condition of a form; `undefined`: the form has none. `pointer` is its place in the command. */
export function writeCondition(group: GroupForm, pointer: string, writing: Writing): Condition | undefined {
  const [first] = group.parts;
  if (!first) return undefined;
  const [place] = partPointers(group, pointer, true);
  if (place === pointer) return writePart(first, pointer, writing);
  return writePart(group, pointer, writing);
}

function writePart(part: PartForm, pointer: string, writing: Writing): Condition {
  if (part.type === 'comparison') return writeComparison(part, pointer, writing);
  const places = partPointers(part, pointer);
  const parts = part.parts.map((one, index) => writePart(one, places[index] ?? pointer, writing));
  const [first] = parts;
  if (part.type === 'all') return { all: parts };
  if (part.type === 'any') return { any: parts };
  return { not: first && parts.length === 1 ? first : { any: parts } };
}

/**
 * JSON pointers of a group's parts. A condition whose group has one part that must hold is written
 * without the group.
 */
export function partPointers({ type, parts }: GroupForm, pointer: string, root = false): string[] {
  if (root && type === 'all' && parts.length === 1) return [pointer];
  if (type === 'none' && parts.length === 1) return [`${pointer}/not`];
  const list = type === 'none' ? 'not/any' : type;
  return parts.map((_, index) => `${pointer}/${list}/${index}`);
}

function writeComparison({ fact, is, value }: ComparisonForm, pointer: string, writing: Writing): Comparison {
  const place = `${pointer}/value`;
  const write = (one: string) => writeValue(fact, one, place, writing);
  return { fact, is, value: is === 'in' ? splitList(value).map(write) : write(normalizeInput(value)) };
}

/** A value that cannot be read stays as typed, so that the host refuses it too. */
function writeValue(fact: Fact, typed: string, place: string, writing: Writing): Value {
  const input = inputOf(fact);
  if (!isNumeric(fact)) {
    if (typed === '' && input !== 'text') writing.refuse(place, 'choice');
    return typed;
  }
  const isMoney = input === 'money';
  const number = isMoney ? readEuros(typed, writing.language) : readWholeNumber(typed);
  if (number === null) writing.refuse(place, isMoney ? 'amount' : 'whole-number');
  return number ?? typed;
}

export const splitList = (typed: string): string[] => typed.split(';').map(normalizeInput).filter(Boolean);

export const joined = (values: readonly string[]): string => values.join('; ');

/** Comparison of another fact, with an operator that fits it. */
export function withFact(comparison: ComparisonForm, fact: Fact): ComparisonForm {
  const operators = operatorsOf(fact);
  const is = operators.includes(comparison.is) ? comparison.is : (operators[0] ?? 'eq');
  const isAlike = inputOf(fact) === inputOf(comparison.fact);
  return { ...comparison, fact, is, value: isAlike ? comparison.value : '' };
}

export function replaced<T>(list: readonly T[], index: number, value: T): T[] {
  return list.map((one, at) => (at === index ? value : one));
}

export function without<T>(list: readonly T[], index: number): T[] {
  return list.filter((_, at) => at !== index);
}
