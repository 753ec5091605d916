import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import { type Session, SessionContext } from '@/shell/api/session';
import { ProposalNote } from './proposal-note';
import { text } from './text';

const t = text.en;

const ROW = {
  requester_id: 'lena',
  requester_name: 'Lena Hoffmann',
  offering_name: 'Small',
  cpus: 8,
  memory_gb: 32,
  term_months: 12,
  monthly_cents: 18_000,
  currency: 'EUR',
  proposal: {
    by_id: 'james',
    by_name: 'James Carter',
    on_behalf_of_id: null,
    at: Date.now(),
    changes: { cpus: 4 },
    monthly_cents: 9_000,
    comment: 'Half of it is enough.',
  },
};

const show = (actor: string, row: object = ROW) =>
  render(
    <SessionContext value={{ actor, permissions: [] } as unknown as Session}>
      <ProposalNote row={row as never} />
    </SessionContext>,
  );

afterEach(cleanup);

it('shows the author, the reason, both values and whom it waits for', () => {
  show('james');
  const note = screen.getByRole('region', { name: t.title }).textContent ?? '';
  expect(note).toContain('James Carter');
  expect(note).toContain('Half of it is enough.');
  expect(note).toMatch(/8.*4/u);
  expect(note).toContain(t.waits('Lena Hoffmann'));
});

it('tells the requester what to do', () => {
  show('lena');
  expect(screen.getByText(t.waitsYours)).toBeTruthy();
});

it('is absent without a proposal', () => {
  show('lena', { ...ROW, proposal: null });
  expect(screen.queryByRole('region')).toBeNull();
});
