import { describe, expect, it } from 'vitest';
import { Problem } from '@/shell/api/problem';
import { mergeErrors } from '@/shell/app/form/merge-errors';
import type { Row } from '../api';
import { BLANK, type OfferingDraft, suggestKey, toDefinition, toDraft } from './offering-draft';

const SENTENCES = { count: 'a whole number', amount: 'an amount' };

const ROW = {
  key: 'ubuntu-m',
  name: 'Ubuntu M',
  image: 'Ubuntu 24.04',
  template: 'DC1/vm/Templates/ubuntu',
  cpu_min: 1,
  cpu_max: 8,
  memory_gb_min: 2,
  memory_gb_max: 64,
  base_cents: 1999,
  cpu_cents: 800,
  gb_cents: 125,
  active: false,
  await_address: false,
} as Row<'offerings'>;

const defined = (change: Partial<OfferingDraft>) =>
  toDefinition({ ...toDraft(ROW, 'de'), ...change }, 'de', SENTENCES);

describe('an offering that is edited', () => {
  it.each(['de', 'en'] as const)('is sent as it is when nothing is changed (%s)', language => {
    const { key, ...rest } = toDefinition(toDraft(ROW, language), language, SENTENCES).definition;
    expect({ key, ...rest }).toEqual(ROW);
  });

  it('is shown in euros', () => {
    expect(toDraft(ROW, 'de').base_cents).toBe('19,99');
    expect(toDraft(ROW, 'en').gb_cents).toBe('1.25');
  });

  it('leaves validation to the host', () => {
    const { definition: sent } = defined({ key: 'NOT A KEY', cpu_max: '-1', base_cents: '-5' });
    expect([sent.key, sent.cpu_max, sent.base_cents]).toEqual(['NOT A KEY', -1, -500]);
  });

  it('is not sent with invalid numbers; all of them are reported at once, with the host’s refusals', async () => {
    const { errors, definition } = defined({
      cpu_min: '',
      memory_gb_max: '1.5',
      gb_cents: 'free',
      base_cents: '1,234',
    });
    const host = [
      { pointer: '/cpu_min', code: 'type', message: 'the host’s' },
      { pointer: '/name', code: 'name-too-short', message: 'too short' },
    ];
    const told = await mergeErrors(errors, () =>
      Promise.reject(new Problem({ status: 422, code: 'body-invalid', errors: host })),
    );
    expect(told.errors.filter(({ pointer }) => pointer === '/cpu_min').length).toBe(1);
    expect(told.errors.at(-1)?.message).toBe('too short');
    expect(await mergeErrors(errors, () => Promise.reject(Problem.unreachable()))).toMatchObject({ errors });
    expect(definition.base_cents).toBe('1,234');
    expect(errors.map(error => [error.pointer, error.message])).toEqual([
      ['/cpu_min', 'a whole number'],
      ['/memory_gb_max', 'a whole number'],
      ['/base_cents', 'an amount'],
      ['/gb_cents', 'an amount'],
    ]);
  });

  it('can be requested and waits for an address unless an admin says otherwise', () => {
    expect([BLANK.active, BLANK.await_address]).toEqual([true, true]);
  });
});

describe('a key', () => {
  it.each([
    ['Ubuntu M', 'ubuntu-m'],
    ['Größe XL – Büro', 'groesse-xl-buero'],
    ['  24.04 Ubuntu!', 'ubuntu'],
    ['Café', 'cafe'],
    ['x'.repeat(60), 'x'.repeat(40)],
    ['', ''],
  ])('is suggested for “%s”', (name, key) => expect(suggestKey(name)).toBe(key));
});
