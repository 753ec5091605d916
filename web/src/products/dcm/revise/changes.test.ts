import { expect, it } from 'vitest';
import { changesOf } from './changes';

const FORMER = {
  offering: 'small',
  offering_name: 'Small',
  cpus: 2,
  memory_gb: 4,
  term_months: 12,
  monthly_cents: 3_000,
  justification: 'For the campaign.',
};

const SAME = {
  name: 'web-01',
  more_names: [],
  offering: 'small',
  cpus: '2',
  memory_gb: '4',
  term_months: '12',
  justification: 'For the campaign.',
};

const PRESENT = { offering_name: 'Small', monthly_cents: 3_000 };

it('there is no change with the same values, however they are typed', () => {
  expect(changesOf(FORMER, SAME, PRESENT)).toEqual([]);
  expect(changesOf(FORMER, { ...SAME, cpus: ' 2', justification: 'For the campaign. ' }, PRESENT)).toEqual(
    [],
  );
});

it('changes are in the order of the form, with both values', () => {
  const values = { ...SAME, offering: 'large', cpus: '8', justification: 'For the fair.' };
  expect(changesOf(FORMER, values, { offering_name: 'Large', monthly_cents: 9_000 })).toEqual([
    { of: 'offering', before: 'Small', now: 'Large' },
    { of: 'cpus', before: 2, now: 8 },
    { of: 'monthly_cents', before: 3_000, now: 9_000 },
    { of: 'justification' },
  ]);
});

it('text that is no number, and a price that is not known, are no changes', () => {
  expect(changesOf(FORMER, { ...SAME, cpus: 'many' }, { ...PRESENT, monthly_cents: undefined })).toEqual([]);
});
