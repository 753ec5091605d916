import { describe, expect, it } from 'vitest';
import { Problem } from '@/api/problem';
import type { Row } from '@/api/rows';
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

function refused(change: Partial<OfferingDraft>): Problem {
  try {
    toDefinition({ ...toDraft(ROW, 'de'), ...change }, 'de', SENTENCES);
  } catch (cause) {
    if (cause instanceof Problem) return cause;
  }
  throw new Error('it was not refused');
}

describe('an offering that is edited', () => {
  it.each(['de', 'en'] as const)('is sent as it is when nothing is changed (%s)', language => {
    const { key, ...rest } = toDefinition(toDraft(ROW, language), language, SENTENCES);
    expect({ key, ...rest }).toEqual(ROW);
  });

  it('is shown in euros', () => {
    expect(toDraft(ROW, 'de').base_cents).toBe('19,99');
    expect(toDraft(ROW, 'en').gb_cents).toBe('1.25');
  });

  it('leaves what is right to the host', () => {
    const draft = { ...toDraft(ROW, 'de'), key: 'NOT A KEY', cpu_max: '-1', base_cents: '-5' };
    const sent = toDefinition(draft, 'de', SENTENCES);
    expect([sent.key, sent.cpu_max, sent.base_cents]).toEqual(['NOT A KEY', -1, -500]);
  });

  it('is not sent with numbers that are none; all of them are named at once', () => {
    const { errors } = refused({ cpu_min: '', memory_gb_max: '1.5', gb_cents: 'free', base_cents: '1,234' });
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
