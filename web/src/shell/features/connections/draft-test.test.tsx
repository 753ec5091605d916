import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { createStore, useStore } from '@/shell/api/store';
import { language } from '@/shell/i18n/language';
import { TooltipProvider } from '@/shell/ui/tooltip';
import { VSPHERE } from './connection-testing';
import { ConnectionForm } from './connection-form';
import type { Connection } from './connections';
import { text } from './text';

const t = text.en;
const connection = {
  capability: 'vsphere',
  name: 'vcenter',
  configured: true,
  config: { url: 'https://vcenter.example.com/sdk', username: 'eaf', datacenter: 'DC1', folder: 'acme' },
  updated_at: '2026-11-28T10:00:00Z',
  last_error: null,
  last_check_at: null,
} as unknown as Connection;

const good = { kind: 'setting', subject: '', state: 'good', code: null, text: null, message: null };
const GOOD = { ok: true, findings: [{ ...good, name: 'folder' }] };
const SENTENCE = 'The folder is not in vCenter.';
const bad = {
  ...good,
  name: 'folder',
  state: 'bad',
  code: 'folder-missing',
  text: SENTENCE,
  message: SENTENCE,
};
const BAD = {
  ok: false,
  class: 'configuration',
  code: 'folder-missing',
  text: SENTENCE,
  message: '',
  findings: [bad],
};

/** Requests: method, end of the path, and body. */
let sent: [string, string, unknown][] = [];
let draft: (signal: AbortSignal) => Promise<Response>;

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });

beforeEach(() => {
  language.choose('en');
  other.set(connection);
  sent = [];
  draft = () => Promise.resolve(json(GOOD));
  vi.stubGlobal('fetch', async (request: Request) => {
    const end = new URL(request.url).pathname.split('/vcenter').at(-1) ?? '';
    const body = (await request.text()) || 'null';
    sent.push([request.method, end, JSON.parse(body)]);
    if (request.method === 'PUT') return new Response(null, { status: 204 });
    if (end.startsWith('/draft/')) return draft(request.signal);
    return json(end === '/test' ? GOOD : connection);
  });
});
afterEach(() => vi.unstubAllGlobals());

const done = () =>
  sent.filter(([method]) => method !== 'GET').map(([method, end]) => `${method} ${end}`.trim());

/** Present stored connection. */
const other = createStore(connection);

function Page() {
  return (
    <TooltipProvider>
      <ConnectionForm type={VSPHERE} connection={useStore(other)} />
    </TooltipProvider>
  );
}

let leave: () => void = () => undefined;

async function typed(folder: string) {
  const router = createRouter({
    routeTree: createRootRoute({ component: Page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  ({ unmount: leave } = render(
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  ));
  const hand = userEvent.setup();
  const field = await screen.findByLabelText('Folder');
  await hand.clear(field);
  await hand.type(field, folder);
  return hand;
}

const button = (name: string) => screen.findByRole('button', { name });

it('a draft is tested and not stored', async () => {
  const hand = await typed('wrong');
  draft = () => Promise.resolve(json(BAD));
  await hand.click(await button(t.test));
  await screen.findByText(t.draftBad);
  expect(screen.getAllByText(SENTENCE).length).toBeGreaterThan(0);
  expect(done()).toEqual(['POST /draft/test']);
  // The stored password is neither typed nor sent.
  expect(sent[0]?.[2]).toEqual({ config: { ...connection.config, folder: 'wrong' } });
});

it('an untested draft is tested, saved on success, and its state is updated', async () => {
  const hand = await typed('right');
  await hand.click(await button(t.testAndSave));
  await waitFor(() => expect(done()).toEqual(['POST /draft/test', 'PUT', 'POST /test']));
});

it('a tested draft is saved at once', async () => {
  const hand = await typed('right');
  await hand.click(await button(t.test));
  await screen.findByText(t.before.good);
  await hand.click(await button(t.save));
  await waitFor(() => expect(done()).toEqual(['POST /draft/test', 'PUT', 'POST /test']));
});

it('a failed draft is saved only on request', async () => {
  const hand = await typed('wrong');
  draft = () => Promise.resolve(json(BAD));
  await hand.click(await button(t.testAndSave));
  await screen.findByText(t.before.bad);
  expect(done()).toEqual(['POST /draft/test']);
  await hand.click(await button(t.saveAnyway));
  await waitFor(() => expect(done()).toEqual(['POST /draft/test', 'PUT']));
});

it('a change after a test makes the draft untested, and the findings stay', async () => {
  const hand = await typed('wrong');
  draft = () => Promise.resolve(json(BAD));
  await hand.click(await button(t.test));
  await screen.findByText(t.before.bad);
  await hand.type(screen.getByLabelText('Folder'), '2');
  await screen.findByText(t.before.untested);
  expect(screen.getByText(t.formerTest)).toBeTruthy();
  expect(screen.getByText(SENTENCE)).toBeTruthy();
});

it('a draft can be saved without the test', async () => {
  const hand = await typed('right');
  draft = signal =>
    new Promise((_, refuse) =>
      signal.addEventListener('abort', () => refuse(new DOMException('', 'AbortError'))),
    );
  await hand.click(await button(t.testAndSave));
  await hand.click(await button(t.saveUntested));
  await waitFor(() => expect(done()).toEqual(['POST /draft/test', 'PUT']));
});

it('a stored password that a test would send to another server is required again', async () => {
  const hand = await typed('right');
  const errors = [{ pointer: '/secret', code: 'secret-again', message: 'Type it again.' }];
  const problem = {
    type: '',
    title: 'No',
    detail: 'No',
    status: 422,
    code: 'body-invalid',
    trace_id: '',
    errors,
  };
  draft = () => Promise.resolve(json(problem, 422));
  await hand.click(await button(t.test));
  await screen.findByText('Type it again.');
  expect(screen.getByLabelText(t.password).getAttribute('aria-invalid')).toBe('true');
});

it('leaving the page during a test saves nothing', async () => {
  const hand = await typed('right');
  draft = signal =>
    new Promise((_, refuse) =>
      signal.addEventListener('abort', () => refuse(new DOMException('', 'AbortError'))),
    );
  await hand.click(await button(t.testAndSave));
  await waitFor(() => expect(done()).toEqual(['POST /draft/test']));
  leave();
  await new Promise(resolve => setTimeout(resolve, 50));
  expect(done()).toEqual(['POST /draft/test']);
});

it('a save by another person keeps a password that is being typed', async () => {
  const hand = await typed('right');
  await hand.click(await button(t.replace(t.password)));
  await hand.type(screen.getByLabelText(t.password), 'half');
  other.set({ ...connection, updated_at: '2026-11-28T11:00:00Z' });
  await waitFor(() => expect(other.get().updated_at).toContain('11:00'));
  expect((screen.getByLabelText(t.password) as HTMLInputElement).value).toBe('half');
});
