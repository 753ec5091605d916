import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { FunctionComponent } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { Problem } from '@/shell/api/problem';
import { createQueryClient } from '@/shell/api/query-client';
import { type Session, SessionContext } from '@/shell/api/session';
import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { approveAsChanged } from './approve-as-changed';
import { ApproveDialog } from './approve-dialog';
import { changedOffer } from './changed-offer';
import { text } from './text';

const t = text.en.approve.changed;

const action = {
  command: 'approve-request',
  title: 'Approve',
  permitted: true,
  allowed: true,
  why: null,
  body: { request: 'r1', revision: 2 },
};

const PRICE = { deciding: true, expected_cents: 3_000, monthly_cents: 9_700, currency: 'EUR' };

const refusal = (code: string, params: Record<string, unknown>) => ({
  status: 409,
  code,
  title: code,
  detail: code,
  params,
});

let answers: (object | null)[] = [];
const given: unknown[] = [];

async function host(request: Request): Promise<Response> {
  if (request.method !== 'POST') return Response.json({ key: 'r1', actions: [action] });
  given.push(await request.json());
  const answer = answers.shift();
  if (answer) return Response.json(answer, { status: 409 });
  return Response.json({ command_id: 'c', position: null, subject: null, location: null, dry_run: false });
}

function open(Dialog: FunctionComponent<ActionDialogProps>) {
  vi.stubGlobal('fetch', host);
  const close = vi.fn<() => void>();
  const session = { kind: 'member', actor: 'id-james', permissions: [] } as unknown as Session;
  render(
    <SessionContext value={session}>
      <QueryClientProvider client={createQueryClient()}>
        <Dialog action={action} name="web-01" close={close} />
      </QueryClientProvider>
    </SessionContext>,
  );
  return close;
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  answers = [];
  given.length = 0;
  sessionStorage.clear();
});

it('a new price is sent only after it was shown beside the former one', async () => {
  answers = [refusal('price-changed', PRICE), null];
  const close = open(ApproveDialog);
  const hand = userEvent.setup();
  await hand.type(screen.getByLabelText(text.en.approve.comment), 'Fine.');
  await hand.click(screen.getByRole('button', { name: 'Approve' }));
  const again = await screen.findByRole('button', { name: t.submit('€97.00') });
  const shown = screen.getByRole('alert').textContent;
  expect(shown).toContain('€30.00');
  expect(shown).toContain('€97.00');
  expect(given).toEqual([{ request: 'r1', revision: 2, comment: 'Fine.' }]);
  await hand.click(again);
  await waitFor(() => expect(close).toHaveBeenCalled());
  expect(given[1]).toEqual({ request: 'r1', revision: 2, comment: 'Fine.', expected_monthly_cents: 9_700 });
});

it('a price that changes once more is shown once more', async () => {
  const Dialog = approveAsChanged(new Problem(refusal('price-changed', PRICE)));
  if (!Dialog) throw new Error('no dialog');
  answers = [refusal('price-changed', { ...PRICE, monthly_cents: 9_900 }), null];
  open(Dialog);
  const hand = userEvent.setup();
  await hand.click(await screen.findByRole('button', { name: t.submit('€97.00') }));
  await hand.click(await screen.findByRole('button', { name: t.submit('€99.00') }));
  await waitFor(() => expect(given).toHaveLength(2));
  expect(given[1]).toMatchObject({ expected_monthly_cents: 9_900 });
});

it('an offering that was closed, or has another template, is a change too', () => {
  const params = { ...PRICE, expected_template: 'debian-12', template: 'debian-13', closed: true };
  expect(changedOffer(new Problem(refusal('offering-changed', params)))).toMatchObject({
    closed: true,
    template: { before: 'debian-12', now: 'debian-13' },
  });
});

it('other refusals are no changes that a person can accept', () => {
  expect(changedOffer(new Problem(refusal('revision-changed', {})))).toBeNull();
  expect(changedOffer(new Problem(refusal('offering-changed', {})))).toBeNull();
  expect(approveAsChanged(new Error('no network'))).toBeUndefined();
});
