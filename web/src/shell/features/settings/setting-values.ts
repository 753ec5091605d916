import { normalizeInput } from '@/shell/app/form/normalize-input';
import type { ProductSettings, Setting } from './settings';

/** Values of the form: a boolean for a checkbox, text for each other input. */
export interface SettingValues {
  values: Record<string, string | boolean>;
}

/** Path of a field, as in the host's pointers. */
export const pathOf = ({ name }: Setting): `values.${string}` => `values.${name}`;

export function toForm({ fields, values }: ProductSettings): SettingValues {
  return {
    values: Object.fromEntries(fields.map(field => [field.name, written(field, values[field.name])])),
  };
}

function written({ input }: Setting, value: unknown): string | boolean {
  if (input === 'checkbox') return value === true;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/**
 * Values for the host. A value that equals the default is omitted, so that it follows the default
 * of a later package. A text that is no number is sent as it is: the host reports it at its field.
 */
export function toValues(fields: readonly Setting[], form: SettingValues): Record<string, unknown> {
  const read = fields.map(field => [field, valueOf(field, form.values[field.name])] as const);
  const set = read.filter(([field, value]) => value !== field.default);
  return Object.fromEntries(set.map(([field, value]) => [field.name, value]));
}

const NUMBERS = { integer: /^-?\d{1,15}$/u, number: /^-?\d{1,15}([.,]\d{1,15})?$/u };

function valueOf({ input }: Setting, typed: string | boolean | undefined): unknown {
  if (typeof typed !== 'string') return typed === true;
  if (input === 'choice') return typed;
  const text = normalizeInput(typed);
  if (input !== 'integer' && input !== 'number') return text;
  return NUMBERS[input].test(text) ? Number(text.replace(',', '.')) : text;
}
