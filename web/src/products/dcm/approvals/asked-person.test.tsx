import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { type Session, SessionContext } from '@/shell/api/session';
import { ActionDialogs } from '@/shell/app/actions/action-dialogs';
import { SETTLING } from '@/shell/app/actions/ignore-clicks';
import { TooltipProvider } from '@/shell/ui/tooltip';
import { DECIDE, REQUEST } from '../permissions';
import { Inbox } from './inbox';
import { text } from './text';

const NOW = Date.now();

const session = { kind: 'member', actor: 'id-fritz', name: 'Fritz', permissions: [REQUEST, DECIDE] };

const action = (command: string, title: string) => ({
  command,
  title,
  permitted: true,
  allowed: true,
  why: null,
  body: { request: 'r1', revision: 1 },
});

const decision = (approver_id: string, approver_name: string) => ({
  stage: 'costly.finance',
  approver_id,
  approver_name,
  on_behalf_of_id: null,
  verdict: 'approve',
  comment: null,
  at: NOW,
});

const stage = {
  key: 'costly.finance',
  policy: 'costly',
  name: { de: 'Finanzen', en: 'Finance' },
  because: [{ fact: 'cpus', actual: 8, is: 'gt', bound: 4, holds: true }],
  after: [],
  approvers: [{ group: 'fin-key' }],
  needs: { at_least: 2 },
  deadline: { hours: 16, finally: 'expire' },
};

const progress = {
  since: NOW,
  due_at: NOW + 3_600_000,
  asked: [stage.approvers],
  escalations: 0,
  operators_asked: false,
  passed_on: [],
  passed_at: null,
};

const APPROVAL = {
  key: 'r1',
  vm_name: 'web-01',
  status: 'pending',
  requester_id: 'id-lena',
  requester_name: 'Lena Hoffmann',
  offering_name: 'Small',
  submitted_at: new Date(NOW).toISOString(),
  monthly_cents: 61_200,
  currency: 'EUR',
  decided_at: null,
  waiting_on: 'Waits for Frieda Finance.',
  waiting: { code: 'approval', text: '', since: null, people: ['Fritz Finance'] },
  approval: { plan: { policies: [], auto: [], stages: [stage] }, stages: { 'costly.finance': progress } },
  decisions: [decision('id-frieda', 'Frieda Finance')],
  actions: [action('approve-request', 'Approve'), action('reject-request', 'Reject')],
};

const PRESENT = {
  key: 'id-lena',
  vms: 4,
  cpus: 8,
  memory_mb: 16_384,
  monthly_cents: 20_000,
  currency: 'EUR',
  machines: { b: { name: 'db-01' }, a: { name: 'app-01' }, d: { name: 'web-02' }, c: { name: 'mail-01' } },
};

let row: object = APPROVAL;
/** Row of the requester; null: the person may not read it. */
let present: object | null = PRESENT;
const asked: URL[] = [];
const given: unknown[] = [];

async function host(request: Request): Promise<Response> {
  const url = new URL(request.url);
  asked.push(url);
  if (request.method === 'POST') {
    given.push(await request.json());
    return Response.json({ command_id: 'c', position: null, subject: null, location: null, dry_run: false });
  }
  if (url.pathname.includes('/requesters/')) {
    const unknown = { status: 404, code: 'not-found', title: '', detail: '' };
    return present ? Response.json(present) : Response.json(unknown, { status: 404 });
  }
  if (url.pathname.endsWith('/r1')) return Response.json(row);
  return Response.json({ items: [row], next: null });
}

const Page = () => (
  <>
    <Inbox all={false} onDecided={() => undefined} />
    <ActionDialogs />
  </>
);

let client = createQueryClient();

async function open() {
  client = createQueryClient();
  vi.stubGlobal('fetch', host);
  const router = createRouter({
    routeTree: createRootRoute({ component: Page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <SessionContext value={session as unknown as Session}>
      <QueryClientProvider client={client}>
        <TooltipProvider>
          <RouterProvider router={router as never} />
        </TooltipProvider>
      </QueryClientProvider>
    </SessionContext>,
  );
  const card = await screen.findByRole('article', { name: 'web-01' });
  return card.textContent ?? '';
}

const approveStyle = () => screen.getByRole('button', { name: 'Approve' }).className;

beforeEach(() => {
  row = APPROVAL;
  present = PRESENT;
  asked.length = 0;
  given.length = 0;
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe('a person whom a policy asks, without the right to approve', () => {
  it('sees the requests that wait for them, with stage, reason, decisions and deadline', async () => {
    const card = await open();
    const list = asked.find(url => url.pathname.endsWith('/views/approvals'));
    expect(list?.searchParams.get('waiting_for')).toBe('me');
    for (const part of [
      'Finance',
      'because the number of CPUs is 8 (more than 4)',
      '1 of 2 approvals',
      'Frieda Finance approved',
      'Then the request expires.',
    ])
      expect(card).toContain(part);
    expect(card).not.toMatch(/costly|fin-key|id-/);
  });

  it('sees what the requester has, and would have with this request', async () => {
    await open();
    const card = await screen.findByRole('article', { name: 'web-01' });
    await waitFor(() => expect(card.textContent).toContain('4 VMs with 8 CPU'));
    for (const part of ['app-01, db-01, mail-01 and 1 more', '€200.00', '€812.00 (+€612.00)'])
      expect(card.textContent).toContain(part);
  });

  it('is not told that the requester has nothing, if they may not read it', async () => {
    present = null;
    await open();
    await waitFor(() => expect(asked.some(url => url.pathname.includes('/requesters/'))).toBe(true));
    const card = screen.getByRole('article', { name: 'web-01' });
    await waitFor(() => expect(card.textContent).not.toContain('Present VMs'));
    expect(card.textContent).not.toContain('None so far');
  });

  it('approves with a comment, for the revision that was read', async () => {
    await open();
    const hand = userEvent.setup();
    await hand.click(screen.getByRole('button', { name: 'Approve with a comment' }));
    await hand.type(await screen.findByLabelText('Comment (optional)'), 'Within the budget.');
    await hand.click(screen.getByRole('button', { name: 'Approve' }));
    await waitFor(() =>
      expect(given).toEqual([{ request: 'r1', revision: 1, comment: 'Within the budget.' }]),
    );
  });

  it('sees after their decision that the request waits for others', async () => {
    row = { ...APPROVAL, decisions: [decision('id-fritz', 'Fritz Finance')], actions: [] };
    const card = await open();
    expect(card).toContain('You approved this request. Waits for Frieda Finance.');
    expect(screen.queryByRole('button', { name: /Approve/ })).toBeNull();
  });

  it('decides by the keys of the focused card, except while they type', async () => {
    row = { ...APPROVAL, actions: [...APPROVAL.actions, action('pass-on-decision', 'Pass on')] };
    await open();
    const hand = userEvent.setup();
    await hand.keyboard('a');
    expect(screen.queryByRole('button', { name: 'Undo' })).toBeNull();
    await hand.keyboard('j{Control>}r{/Control}');
    expect(screen.queryByRole('dialog')).toBeNull();
    await hand.keyboard('a');
    expect(await screen.findByRole('button', { name: 'Undo' })).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Approve' })).toBeNull();
    await new Promise(resolve => setTimeout(resolve, SETTLING + 50));
    await hand.keyboard('u');
    expect(await screen.findByRole('button', { name: 'Approve' })).toBeTruthy();
    await new Promise(resolve => setTimeout(resolve, SETTLING + 50));
    await hand.keyboard('p');
    const dialog = await screen.findByRole('dialog', { name: /Pass on the decision about web-01/ });
    await hand.type(within(dialog).getByLabelText('Reason'), 'jar');
    expect(within(dialog).getByLabelText<HTMLTextAreaElement>('Reason').value).toBe('jar');
    expect(screen.queryByRole('button', { name: 'Undo' })).toBeNull();
    expect(given).toEqual([]);
  });

  it('approves with a comment by a key', async () => {
    await open();
    await userEvent.setup().keyboard('jc');
    expect(await screen.findByLabelText('Comment (optional)')).toBeTruthy();
    expect(given).toEqual([]);
  });

  it('is asked to approve first, but not while the requester’s answer is due', async () => {
    await open();
    expect(approveStyle()).toContain('bg-accent');
    row = { ...APPROVAL, awaited: 'requester' };
    await act(() => client.invalidateQueries({ queryKey: ['view'] }));
    await waitFor(() => expect(approveStyle()).not.toContain('bg-accent'));
  });

  it('sees a decision of another person without movement: the line for it has its place', async () => {
    const card = await open();
    const shown = screen.getByRole('article', { name: 'web-01' });
    fireEvent.pointerEnter(shown);
    fireEvent.pointerMove(shown);
    row = {
      ...APPROVAL,
      decisions: [...APPROVAL.decisions, decision('id-fiona', 'Fiona Finance')],
    };
    await act(() => client.invalidateQueries({ queryKey: ['view'] }));
    const show = await screen.findByRole('button', { name: 'Show' });
    expect(shown.textContent).toContain(text.en.newer);
    expect(shown.textContent).not.toContain('Fiona Finance');
    expect(card).not.toContain(text.en.newer);
    fireEvent.click(show);
    expect(shown.textContent).toContain('Fiona Finance approved');
    expect(screen.queryByRole('button', { name: 'Show' })).toBeNull();
  });

  it('sees their own question at once, with the requester for whom it waits', async () => {
    await open();
    const shown = screen.getByRole('article', { name: 'web-01' });
    fireEvent.pointerEnter(shown);
    fireEvent.pointerMove(shown);
    const question = { since: NOW, by: ['id-fritz'] };
    const stopped = { ...progress, due_at: null, left_ms: 3 * 3_600_000 };
    const entry = { kind: 'question', revision: 1, by_id: 'id-fritz', by_name: 'Fritz Finance' };
    row = {
      ...APPROVAL,
      revision: 1,
      awaited: 'requester',
      waiting: { code: 'answer', text: '', since: null, people: ['Lena Hoffmann'] },
      approval: { ...APPROVAL.approval, question, stages: { 'costly.finance': stopped } },
      thread: [{ ...entry, on_behalf_of_id: null, text: 'Why eight?', at: NOW }],
    };
    await act(() => client.invalidateQueries({ queryKey: ['view'] }));
    await screen.findByText('Why eight?');
    const card = shown.textContent ?? '';
    expect(card).toContain('Fritz Finance asked');
    expect(card).toMatch(/Waits for the answer of Lena Hoffmann since/);
    expect(card).toContain('The deadline stands still until then (3 hours of working time left).');
    expect(card).not.toContain('Still to decide');
  });

  it('sees after they passed the decision on that the other person is asked', async () => {
    const passed = { ...progress, passed_on: [{ from: 'id-fritz', to: 'id-frieda' }] };
    const approval = { ...APPROVAL.approval, stages: { 'costly.finance': passed } };
    row = { ...APPROVAL, approval, actions: [] };
    const card = await open();
    expect(card).toContain('Passed on:from Fritz to Frieda Finance');
    expect(card).toContain('You passed this decision on. Waits for Frieda Finance.');
  });
});
