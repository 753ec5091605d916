import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { type Session, SessionContext } from '@/shell/api/session';
import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { text as picking } from '@/shell/app/people/text';
import { PassOnDialog } from './pass-on-dialog';
import { ReassignDialog } from './reassign-dialog';
import { text } from './text';

const t = text.en;

const planned = (key: string, en: string) => ({
  key,
  policy: 'costly',
  name: { de: en, en },
  because: [],
  after: [],
  approvers: [{ group: key }],
  needs: 'any',
});

const progress = {
  since: 0,
  due_at: null,
  asked: [],
  escalations: 0,
  operators_asked: false,
  passed_on: [],
  passed_at: null,
};

const action = (command: string, title: string, body = {}) => ({
  command,
  title,
  permitted: true,
  allowed: true,
  why: null,
  body: { request: 'r1', revision: 1, ...body },
});

const PASS_ON = action('pass-on-decision', 'Pass on');
const REASSIGN = action('reassign-stage', 'Reassign', { stage: 'department' });

const REQUEST = {
  key: 'r1',
  status: 'pending',
  decided_by_name: null as string | null,
  decided_at: null as string | null,
  waiting: null,
  decisions: [],
  approval: {
    plan: {
      policies: [],
      auto: [],
      stages: [planned('department', 'Department'), planned('finance', 'Finance'), planned('board', 'Board')],
    },
    stages: { department: progress, finance: progress },
  },
  actions: [PASS_ON, REASSIGN],
};

/** Answer to the command; null: accepted. */
let refused: object | null = null;
let row: object = REQUEST;
const given: unknown[] = [];

async function host(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method === 'POST') {
    given.push(await request.json());
    if (refused) return Response.json(refused, { status: 409 });
    return Response.json({ command_id: 'c', position: null, subject: null, location: null, dry_run: false });
  }
  if (pathname === '/api/session/colleagues')
    return Response.json({ items: [{ actor: 'id-anna', name: 'Anna Berg' }], more: false });
  if (pathname === '/api/host/members')
    return Response.json({
      items: [{ actor: 'id-ben', name: 'Ben Tal', email: 'b@acme.example' }],
      next: null,
    });
  if (pathname === '/api/host/groups') return Response.json({ items: [{ key: 'board', name: 'The board' }] });
  return Response.json(row);
}

function open(Dialog: React.FunctionComponent<ActionDialogProps>, offered: ActionDialogProps['action']) {
  vi.stubGlobal('fetch', host);
  const close = vi.fn<() => void>();
  const session = { kind: 'member', actor: 'id-mara', permissions: ['host.members'] } as unknown as Session;
  render(
    <SessionContext value={session}>
      <QueryClientProvider client={createQueryClient()}>
        <Dialog action={offered} name="web-01" close={close} />
      </QueryClientProvider>
    </SessionContext>,
  );
  return { hand: userEvent.setup({ delay: null }), close };
}

const picker = () => screen.findByPlaceholderText(picking.en.search);
const submit = (name: string) => screen.getByRole('button', { name });
const fieldOf = (label: string) => screen.getByLabelText(label);
const errorOf = (label: string) =>
  document.querySelector(`#${CSS.escape(fieldOf(label).id)}-error`)?.textContent ?? null;

const at = (pointer: string) => ({ pointer, code: 'c', message: pointer, params: {} });

/** Chooses a colleague and gives a reason. */
async function fill(hand: ReturnType<typeof userEvent.setup>) {
  await hand.click(screen.getByRole('combobox', { name: t.passOn.to }));
  await hand.type(await picker(), 'anna');
  await screen.findByRole('option', { name: 'Anna Berg' });
  await hand.keyboard('{Enter}');
  await hand.type(fieldOf(t.reason), 'On holiday.');
}

beforeEach(() => {
  refused = null;
  row = REQUEST;
  given.length = 0;
  sessionStorage.clear();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe('passing a decision on', () => {
  it('sends the colleague who was chosen, the reason and the revision that was read', async () => {
    const { hand, close } = open(PassOnDialog, PASS_ON);
    await fill(hand);
    await hand.click(submit('Pass on'));
    await waitFor(() => expect(close).toHaveBeenCalled());
    expect(given).toEqual([{ request: 'r1', revision: 1, to: 'id-anna', reason: 'On holiday.' }]);
  });

  it('shows all errors at their fields, and says without a person that one is missing', async () => {
    const reason = 'Explain your decision.';
    refused = {
      code: 'invalid-handover',
      title: 'Correct the marked fields.',
      errors: [
        { pointer: '/to', code: 'person-unknown', message: 'This person is not a member.', params: {} },
        { pointer: '/reason', code: 'reason-too-short', message: reason, params: {} },
      ],
    };
    const { hand } = open(PassOnDialog, PASS_ON);
    await hand.click(submit('Pass on'));
    await waitFor(() => expect(errorOf(t.passOn.to)).toBe(t.passOn.toMissing));
    expect(errorOf(t.reason)).toBe(reason);
    expect(screen.queryByRole('alert')).toBeNull();
    expect(document.activeElement).toBe(fieldOf(t.passOn.to));
    await fill(hand);
    await hand.click(submit('Pass on'));
    await waitFor(() => expect(errorOf(t.passOn.to)).toBe('This person is not a member.'));
  });

  it('explains a conflict and keeps the input', async () => {
    const changed = 'The request has changed since you read it.';
    refused = {
      code: 'revision-changed',
      title: changed,
      detail: changed,
      errors: [{ pointer: '/request', code: 'revision-changed', message: changed, params: {} }],
    };
    const { hand } = open(PassOnDialog, PASS_ON);
    await fill(hand);
    await hand.click(submit('Pass on'));
    expect((await screen.findByRole('alert')).textContent).toBe(changed);
    expect(fieldOf(t.passOn.to).textContent).toBe('Anna Berg');
    // Another person decided: the present row says who, and nothing can be sent any more.
    row = {
      ...REQUEST,
      status: 'approved',
      actions: [],
      decided_by_name: 'Ben Tal',
      decided_at: new Date().toISOString(),
    };
    await hand.click(submit('Pass on'));
    await waitFor(() => expect(screen.getByRole('alert').textContent).toContain('Decided by Ben Tal'));
    expect(screen.queryByRole('button', { name: 'Pass on' })).toBeNull();
    expect((fieldOf(t.reason) as HTMLTextAreaElement).value).toBe('On holiday.');
  });
});

describe('reassigning a stage', () => {
  it('offers the open stages, and sends the chosen one with people and groups', async () => {
    const { hand, close } = open(ReassignDialog, REASSIGN);
    const stage = screen.getByLabelText<HTMLSelectElement>(t.reassign.stage);
    await within(stage).findByRole('option', { name: 'Finance' });
    expect([...stage.options].map(option => option.text)).toEqual(['Department', 'Finance']);
    await hand.selectOptions(stage, 'Finance');
    await hand.click(screen.getByRole('combobox', { name: t.reassign.person('1') }));
    await hand.click(await screen.findByRole('option', { name: /Ben Tal/ }));
    expect(await screen.findByRole('combobox', { name: t.reassign.person('2') })).toBeTruthy();
    await hand.selectOptions(await screen.findByLabelText(t.reassign.group('1')), 'The board');
    await hand.type(fieldOf(t.reason), 'On a fair.');
    await hand.click(submit('Reassign'));
    await waitFor(() => expect(close).toHaveBeenCalled());
    const people = { actors: ['id-ben'], groups: ['board'] };
    expect(given).toEqual([
      { request: 'r1', revision: 1, stage: 'finance', ...people, reason: 'On a fair.' },
    ]);
  });

  it.each([
    { code: 'approvers-too-few', label: t.reassign.person('1') },
    { code: 'stage-not-open', label: t.reassign.stage },
  ])('shows $code at its field', async ({ code, label }) => {
    refused = { code, title: 'Choose others.', detail: 'Choose others.', errors: [] };
    const { hand } = open(ReassignDialog, REASSIGN);
    await hand.click(submit('Reassign'));
    await waitFor(() => expect(errorOf(label)).toBe('Choose others.'));
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('shows at the first person that people are missing, and at each person who may not decide', async () => {
    refused = { code: 'invalid-handover', title: 'Correct it.', errors: [at('/actors')] };
    const { hand } = open(ReassignDialog, REASSIGN);
    await hand.click(submit('Reassign'));
    await waitFor(() => expect(errorOf(t.reassign.person('1'))).toBe('/actors'));
    refused = { code: 'invalid-handover', title: 'Correct it.', errors: [at('/actors/0')] };
    await hand.click(screen.getByRole('combobox', { name: t.reassign.person('1') }));
    await hand.click(await screen.findByRole('option', { name: /Ben Tal/ }));
    await hand.click(submit('Reassign'));
    await waitFor(() => expect(errorOf(t.reassign.person('1'))).toBe('/actors/0'));
  });
});
