import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { type Session, SessionContext } from '@/shell/api/session';
import type { SavedDraft } from '@/shell/features/drafts/drafts';
import type { Row } from '../api';
import { DraftsPanel } from './drafts-panel';
import { RequestForm } from './request-form';
import { text } from './text';

const t = text.en;

const OFFERING = {
  key: 'small',
  name: 'Linux Small',
  position: '1-1',
  active: true,
  cpu_min: 1,
  cpu_max: 8,
  memory_gb_min: 1,
  memory_gb_max: 32,
  actions: [],
} as unknown as Row<'offerings'>;

const VALUES = {
  name: 'web-01',
  more_names: ['web-02'],
  offering: 'small',
  cpus: 'two',
  memory_gb: '4',
  term_months: '6',
  justification: 'For the campaign.',
};

const DRAFT = draft('d1', 3, VALUES);

const LENA = { actor: 'lena', permissions: [], tenant: null } as unknown as Session;

const CONFLICT = { status: 412, code: 'changed-meanwhile', title: 'Changed', detail: 'Read again.' };

/** Drafts on the host, and the changes that it was sent. */
let stored: SavedDraft[] = [];
let sent: { method: string; id: string; basis: string | null; values: unknown; title?: string }[] = [];
/** Answers of the host to the next changes, before it accepts others. */
let refusals: (() => Response | Promise<Response>)[] = [];

function draft(id: string, revision: number, values: object): SavedDraft {
  return {
    id,
    revision,
    product: 'dcm',
    command: 'request-vm',
    title: 'web-01',
    values,
    changed_at: '2026-11-30T10:00:00Z',
    expires_at: '2027-02-28T10:00:00Z',
  } as unknown as SavedDraft;
}

async function host(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const id = pathname.split('/api/session/drafts/')[1];
  if (pathname === '/api/session/drafts') return Response.json({ items: stored });
  if (id === undefined) return Response.json({ status: 422, code: 'invalid-request' }, { status: 422 });
  const body =
    request.method === 'PUT' ? ((await request.json()) as { title: string; values: object }) : null;
  const basis = request.headers.get('if-match') ?? request.headers.get('if-none-match');
  sent.push({
    method: request.method,
    id,
    basis,
    values: body?.values,
    ...(body ? { title: body.title } : {}),
  });
  const refusal = refusals.shift();
  if (refusal) return refusal();
  const former = stored.find(one => one.id === id);
  stored = stored.filter(one => one.id !== id);
  if (!body) return new Response(null, { status: 204 });
  const saved = draft(id, (former?.revision ?? 0) + 1, body.values);
  stored.push(saved);
  return Response.json(saved);
}

const refused = () => Response.json(CONFLICT, { status: CONFLICT.status });

async function open(page: () => React.ReactNode) {
  vi.stubGlobal('fetch', host);
  const router = createRouter({
    routeTree: createRootRoute({ component: page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <SessionContext value={LENA}>
      <QueryClientProvider client={createQueryClient()}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </SessionContext>,
  );
  return { router, hand: userEvent.setup() };
}

const form = (continued?: SavedDraft) =>
  open(() => <RequestForm offering={OFFERING} former={undefined} draft={continued} />);

const field = (label: string) => screen.findByLabelText<HTMLInputElement>(label);
const save = () => screen.getByRole('button', { name: t.drafts.save });

beforeEach(() => {
  sessionStorage.clear();
  stored = [];
  sent = [];
  refusals = [];
});
afterEach(() => vi.unstubAllGlobals());

it('a draft is saved as it was typed, also with mistakes, and once more at its new revision', async () => {
  const { router, hand } = await form();
  const cpus = await field(t.form.cpus);
  await hand.clear(cpus);
  await hand.type(cpus, 'two');
  await hand.click(save());
  await waitFor(() => expect(sent).toHaveLength(1));
  const id = sent[0]?.id;
  expect(sent[0]).toMatchObject({
    basis: '*',
    title: t.drafts.unnamed('Linux Small'),
    values: { cpus: 'two', offering: 'small' },
  });
  await waitFor(() => expect(router.state.location.search).toEqual({ draft: id }));
  await hand.type(await field(t.form.name), 'web-09');
  await hand.click(save());
  await waitFor(() => expect(sent).toHaveLength(2));
  expect(sent[1]).toMatchObject({ id, basis: '"1"', title: 'web-09' });
});

it('a draft is continued with all its values, without those of another form', async () => {
  await form(draft('d1', 3, { ...VALUES, memory_gb: 4, colour: 'red' }));
  expect((await field(t.form.cpus)).value).toBe('two');
  expect((await field(t.form.why)).value).toBe('For the campaign.');
  expect(screen.getByDisplayValue('web-02')).toBeTruthy();
  // A number is of no form of this release: the field has the offering's value.
  expect((await field(t.form.memory)).value).toBe('1');
});

it('a draft that was changed elsewhere is not overwritten, and the input can be saved beside it', async () => {
  stored = [draft('d1', 4, { ...VALUES, justification: 'Changed at home.' })];
  refusals = [refused];
  const { hand } = await form(DRAFT);
  await hand.type(await field(t.form.why), ' In the office.');
  await hand.click(save());
  expect((await screen.findByRole('alert')).textContent).toContain(t.drafts.overtaken);
  expect(sent[0]).toMatchObject({ id: 'd1', basis: '"3"' });
  expect((await field(t.form.why)).value).toBe('For the campaign. In the office.');

  await hand.click(screen.getByRole('button', { name: t.drafts.saveAsNew }));
  await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
  expect(sent[1]).toMatchObject({
    basis: '*',
    values: { justification: 'For the campaign. In the office.' },
  });
  expect(sent[1]?.id).not.toBe('d1');
  expect(stored.map(({ id }) => id)).toContain('d1');
});

it('a draft whose answer was lost is found again, and no second one is saved', async () => {
  refusals = [
    () => {
      const [{ id, values, title } = { id: '', values: {} }] = sent;
      stored = [{ ...draft(id, 1, values as object), title: title ?? '' }];
      return refused();
    },
  ];
  const { router, hand } = await form();
  await hand.type(await field(t.form.name), 'web-01');
  await hand.click(save());
  await waitFor(() => expect(router.state.location.search).toEqual({ draft: sent[0]?.id }));
  expect(screen.queryByRole('alert')).toBeNull();
  await hand.click(save());
  await waitFor(() => expect(sent).toHaveLength(2));
  expect(sent[1]).toMatchObject({ id: sent[0]?.id, basis: '"1"' });
});

it('a draft is deleted at the revision that was seen, after a confirmation', async () => {
  stored = [DRAFT];
  const { hand } = await open(DraftsPanel);
  await hand.click(await screen.findByRole('button', { name: t.drafts.deleteOne('web-01') }));
  expect(sent).toEqual([]);
  refusals = [refused];
  const dialog = await screen.findByRole('dialog', { name: t.drafts.deleteOne('web-01') });
  const confirm = () => hand.click(screen.getByRole('button', { name: t.drafts.delete }));
  await confirm();
  expect((await screen.findByRole('alert')).textContent).toContain('Read again.');
  expect(dialog.isConnected).toBe(true);
  await confirm();
  await waitFor(() => expect(screen.queryByText('web-01')).toBeNull());
  expect(sent.map(({ method, id, basis }) => [method, id, basis])).toEqual([
    ['DELETE', 'd1', '"3"'],
    ['DELETE', 'd1', '"3"'],
  ]);
});

it('drafts of other products are not in the list', async () => {
  stored = [{ ...DRAFT, id: 'd2', product: 'shop', title: 'Other' } as SavedDraft, DRAFT];
  await open(DraftsPanel);
  expect(await screen.findByRole('link', { name: 'web-01' })).toBeTruthy();
  expect(screen.queryByText('Other')).toBeNull();
});
