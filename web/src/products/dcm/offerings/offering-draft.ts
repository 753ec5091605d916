import type { FieldProblem } from '@/shell/api/problem';
import { normalizeInput } from '@/shell/app/form/normalize-input';
import { readWholeNumber } from '@/shell/app/form/whole-number';
import type { Language } from '@/shell/i18n/language';
import type { CommandBody, Row } from '../api';
import { readEuros, writeEuros } from './euros';

export type Definition = CommandBody<'define-offering'>;

const TEXTS = ['key', 'name', 'image', 'template'] as const;
export const COUNTS = ['cpu_min', 'cpu_max', 'memory_gb_min', 'memory_gb_max'] as const;
export const PRICES = ['base_cents', 'cpu_cents', 'gb_cents'] as const;

type CountName = (typeof COUNTS)[number];
type PriceName = (typeof PRICES)[number];

/**
 * Offering as typed, with prices in euros, under the member names of the command, so that pointers
 * match.
 */
export type OfferingDraft = Record<(typeof TEXTS)[number] | CountName | PriceName, string> & {
  active: boolean;
  await_address: boolean;
};

export const OFFERING_FIELDS = [...TEXTS, ...COUNTS, ...PRICES, 'active', 'await_address'] as const;

export const BLANK: OfferingDraft = {
  key: '',
  name: '',
  image: '',
  template: '',
  cpu_min: '1',
  cpu_max: '',
  memory_gb_min: '1',
  memory_gb_max: '',
  base_cents: '',
  cpu_cents: '',
  gb_cents: '',
  active: true,
  await_address: true,
};

export function toDraft(row: Row<'offerings'>, language: Language): OfferingDraft {
  const draft: OfferingDraft = {
    ...BLANK,
    key: row.key,
    active: row.active ?? false,
    await_address: row.await_address ?? true,
  };
  for (const name of ['name', 'image', 'template'] as const) draft[name] = row[name] ?? '';
  for (const name of COUNTS) draft[name] = String(row[name] ?? '');
  for (const name of PRICES) draft[name] = writeEuros(row[name] ?? 0, language);
  return draft;
}

/** Sentences for values that are not numbers, which the host does not see. */
interface Sentences {
  count: string;
  amount: string;
}

interface Defined {
  definition: Definition;
  /**
   * Errors of values that are not numbers. The definition contains them as typed, so that the host
   * refuses them too.
   */
  errors: FieldProblem[];
}

/** Converts a draft to the command's definition. */
export function toDefinition(draft: OfferingDraft, language: Language, sentences: Sentences): Defined {
  const errors: FieldProblem[] = [];
  const refuse = (name: CountName | PriceName, code: string, message: string) => {
    errors.push({ pointer: `/${name}`, code, message });
    return draft[name] as unknown as number;
  };
  const count = (name: CountName) =>
    readWholeNumber(draft[name]) ?? refuse(name, 'whole-number', sentences.count);
  const price = (name: PriceName) =>
    readEuros(draft[name], language) ?? refuse(name, 'amount', sentences.amount);
  const definition: Definition = {
    key: normalizeInput(draft.key),
    name: normalizeInput(draft.name),
    image: normalizeInput(draft.image),
    template: normalizeInput(draft.template),
    cpu_min: count('cpu_min'),
    cpu_max: count('cpu_max'),
    memory_gb_min: count('memory_gb_min'),
    memory_gb_max: count('memory_gb_max'),
    base_cents: price('base_cents'),
    cpu_cents: price('cpu_cents'),
    gb_cents: price('gb_cents'),
    active: draft.active,
    await_address: draft.await_address,
  };
  return { definition, errors };
}

const LETTERS: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' };

/** Suggests a valid key for a name: `Größe M` becomes `groesse-m`. */
export function suggestKey(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[äöüß]/gu, letter => LETTERS[letter] ?? '')
    .normalize('NFD')
    .replaceAll(/\p{Diacritic}/gu, '')
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replace(/^[^a-z]+/u, '')
    .slice(0, 40)
    .replace(/-+$/u, '');
}
