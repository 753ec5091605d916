import type { ProductSettings, Setting } from './settings';

const field = (
  name: string,
  input: Setting['input'],
  initial: unknown,
  more: Partial<Setting> = {},
): Setting => ({
  name,
  label: `The ${name}`,
  hint: null,
  input,
  options: [],
  default: initial,
  ...more,
});

const options = [
  { value: 'plain', label: 'Plain' },
  { value: 'warm', label: 'Warm' },
];

/** Settings of a product as the host describes them, for tests. */
export const SETTINGS: ProductSettings = {
  plugin: 'shop',
  name: 'Shop',
  schema: {},
  fields: [
    field('months', 'integer', 60, { hint: 'In months.' }),
    field('rate', 'number', 1.5),
    field('note', 'text', ''),
    field('open', 'checkbox', true),
    field('tone', 'choice', 'plain', { options }),
  ],
  values: { months: 12, rate: 1.5, note: '', open: true, tone: 'warm' },
  version: 1,
  updated_by_name: 'Ada',
  updated_at: '2026-11-30T08:00:00Z',
};
