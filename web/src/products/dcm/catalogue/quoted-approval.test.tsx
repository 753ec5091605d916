import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { QuotedApproval } from './quoted-approval';
import { type QuotedStage, read } from './use-quote';

const stage = (more: Partial<QuotedStage> = {}): QuotedStage => ({
  stage: 'costly.finance',
  name: 'Finance',
  people: ['Frieda Finance', 'Fritz Finance'],
  needs: 'any',
  after: [],
  because: [],
  hours: null,
  ...more,
});

function said(stages: QuotedStage[], rules: object[] = []): string {
  const quote = read({ monthly_cents: 61_200, currency: 'EUR', approval: { stages, rules } });
  if (!quote) throw new Error('there is no quote');
  render(<QuotedApproval approval={quote.approval} subject={{ offering_name: 'Small', currency: 'EUR' }} />);
  return document.body.textContent ?? '';
}

afterEach(cleanup);

describe('before a request is submitted', () => {
  it('each stage says its people, their number, its order, its deadline and its reason', () => {
    const because = [{ fact: 'monthly_cents', actual: 61_200, is: 'gt', bound: 50_000, holds: true }];
    const manager = stage({ stage: 'costly.manager', name: 'Manager', people: ['Mara Lang'] });
    const finance = stage({ needs: { at_least: 2 }, after: ['costly.manager'], because, hours: 16 });
    const page = said([manager, finance]);
    expect(screen.getAllByRole('listitem')).toHaveLength(2);
    expect(page).toContain('Is decided in 2 stages');
    expect(page).toContain('by Mara Lang');
    expect(page).toContain('2 of them: Frieda Finance and Fritz Finance');
    expect(page).toContain('after Manager, within 16 business hours');
    expect(page).toContain('because the cost per month is €612.00 (more than €500.00)');
    expect(page).not.toContain('costly');
  });

  it('the stage of every request has no list', () => {
    const page = said([stage({ stage: 'approval', name: null })]);
    expect(page).toContain('Needs one approval');
    expect(page).toContain('by Frieda Finance or Fritz Finance');
    expect(screen.queryByRole('list')).toBeNull();
  });

  it('a rule that approves without people is named with its reason', () => {
    const because = [{ fact: 'cpus', actual: 1, is: 'le', bound: 2, holds: true }];
    const page = said([], [{ policy: 'small', name: 'Small ones', because }]);
    expect(page).toContain('Needs no approval');
    expect(page).toContain('Is approved automatically by the rule “Small ones”');
    expect(page).toContain('because the number of CPUs is 1 (at most 2)');
  });

  it('a stage that its people cannot pass says so', () => {
    expect(said([stage({ people: [] })])).toContain('No other person can decide');
    cleanup();
    expect(said([stage({ needs: { at_least: 2 }, people: ['Fritz Finance'] })])).toContain(
      'Only Fritz Finance can decide',
    );
  });
});
