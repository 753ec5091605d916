import { describe, expect, it } from 'vitest';
import { createFormat } from '@/shell/i18n/format';
import type { Reason } from './approval';
import { wordsFor } from './people-asked';
import { because } from './reasons';
import { text } from './text';

const SUBJECT = { offering_name: 'Linux Small', currency: 'EUR' };

const reason = (fact: string, more: Partial<Reason> = {}): Reason => ({
  fact,
  actual: 4,
  is: 'gt',
  bound: 2,
  holds: true,
  ...more,
});

const english = (...reasons: Reason[]) => because(reasons, SUBJECT, text.en, createFormat('en'));
const german = (...reasons: Reason[]) => because(reasons, SUBJECT, text.de, createFormat('de'));

describe('a reason', () => {
  it('shows the value and the limit in the units of the fact', () => {
    const cost = reason('monthly_cents', { actual: 61_200, bound: 50_000 });
    expect(english(cost)).toBe('because the cost per month is €612.00 (more than €500.00)');
    expect(german(cost)).toBe('weil die Kosten pro Monat 612,00\u00a0€ (mehr als 500,00\u00a0€) betragen');
  });

  it('says that a cost is that of all machines of an order', () => {
    const cost = reason('monthly_cents', { actual: 61_200, bound: 50_000 });
    const of = { ...SUBJECT, order_lines: 3 };
    expect(because([cost], of, text.en, createFormat('en'))).toBe(
      'because the cost per month of all requested VMs is €612.00 (more than €500.00)',
    );
    expect(because([cost], of, text.de, createFormat('de'))).toBe(
      'weil die Kosten pro Monat für alle beantragten VMs 612,00\u00a0€ (mehr als 500,00\u00a0€) betragen',
    );
    expect(english(reason('machines'))).toBe('because the number of requested VMs is 4 (more than 2)');
  });

  it('is the opposite of a comparison that does not hold', () => {
    const small = reason('memory_gb', { actual: 4, is: 'gt', bound: 8, holds: false });
    expect(english(small)).toBe('because the memory is 4 GB (at most 8 GB)');
  });

  it('is joined with others, each once', () => {
    expect(
      english(reason('cpus'), reason('cpus'), reason('weekday', { actual: 3, is: 'eq', bound: 3 })),
    ).toBe('because the number of CPUs is 4 (more than 2) and the day of the request is Wednesday');
  });

  it('names no key of an offering, group or fact', () => {
    const reasons = [
      reason('offering', { actual: 'ubuntu-key', is: 'eq', bound: 'ubuntu-key' }),
      reason('requester_groups', { actual: ['dev-key'], is: 'contains', bound: 'dev-key' }),
      reason('kind', { actual: 'vm.create', is: 'eq', bound: 'vm.create' }),
      reason('newer_fact'),
    ];
    for (const said of [english(...reasons), german(...reasons)]) expect(said).not.toMatch(/key|vm\.|newer/);
    expect(english(...reasons)).toContain('the offering is Linux Small');
  });

  it('is absent for a stage that every request has', () => {
    expect(english()).toBeNull();
  });
});

it('people are named by words and known names, never by keys', () => {
  const groups = new Map([['fin', 'Finance']]);
  const names = new Map([['1', 'Anna']]);
  const known = { requester_name: 'Lena', groups, names };
  const said = (asked: Parameters<typeof wordsFor>[0], of = known) => wordsFor(asked, of, text.en);
  expect(said({ group: 'fin' })).toBe('the group Finance');
  expect(said({ group: 'unknown-key' })).toBe('the members of a group');
  expect(said({ permission: 'offer' })).toBe('people with a certain right');
  expect(said({ manager_of: 'requester' })).toBe('the manager of Lena');
  expect(said({ actor: '1' })).toBe('Anna');
  expect(said({ actor: '2' })).toBe('a certain person');
});
