import { describe, expect, it } from 'vitest';
import { changed } from './propose-dialog';
import { type ProposedRow, proposalOf, proposedChanges } from './proposal';

const ROW = {
  offering_name: 'Small',
  cpus: 8,
  memory_gb: 32,
  term_months: 12,
  monthly_cents: 18_000,
  currency: 'EUR',
} as ProposedRow;

const proposal = (changes: object, monthly_cents = 9_000) => ({
  by_id: 'james',
  by_name: 'James Carter',
  on_behalf_of_id: null,
  at: 1,
  changes,
  monthly_cents,
  comment: 'Half of it is enough.',
});

describe('a proposal', () => {
  it('differs from the request in the values that it names, the cost last', () => {
    const changes = proposedChanges(
      ROW,
      proposal({ cpus: 4, memory_gb: null, offering: 'tiny', offering_name: 'Tiny' }),
    );
    expect(changes).toEqual([
      { of: 'offering', before: 'Small', now: 'Tiny' },
      { of: 'cpus', before: 8, now: 4 },
      { of: 'monthly_cents', before: 18_000, now: 9_000 },
    ]);
  });

  it('without a new price names no cost', () => {
    expect(proposedChanges(ROW, proposal({ term_months: 6 }, 18_000))).toEqual([
      { of: 'term_months', before: 12, now: 6 },
    ]);
  });

  it('is absent where the column is null', () => {
    expect(proposalOf({ proposal: null })).toBeNull();
  });
});

describe('the command of a proposal', () => {
  const typed = { cpus: '8', memory_gb: '32', term_months: '12', comment: 'Shorter' };

  it('has only the values that differ', () => {
    expect(changed(typed, ROW)).toEqual({});
    expect(changed({ ...typed, term_months: ' 6 ' }, ROW)).toEqual({ term_months: 6 });
  });

  it('retains text that is no number, so that the host refuses it at its field', () => {
    expect(changed({ ...typed, cpus: 'four' }, ROW)).toEqual({ cpus: 'four' });
  });
});
