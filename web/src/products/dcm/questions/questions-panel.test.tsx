import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { cleanup, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { type Session, SessionContext } from '@/shell/api/session';
import type { Row } from '../api';
import { QuestionsPanel } from './questions-panel';
import { text } from './text';

const t = text.en;

const entry = (kind: string, revision: number, by_name: string | null, said: string | null, at: number) => ({
  kind,
  revision,
  by_id: `id-${String(by_name)}`,
  by_name,
  on_behalf_of_id: null,
  text: said,
  at,
});

const action = (command: string, title: string) => ({
  command,
  title,
  permitted: true,
  allowed: true,
  why: null,
  body: { request: 'r1', revision: 2 },
});

const REQUEST = {
  key: 'r1',
  vm_name: 'web-01',
  revision: 2,
  thread: [
    entry('question', 1, 'James Carter', 'Why so large?', 1),
    entry('answer', 1, 'Lena Hoffmann', 'For the peak.', 2),
    entry('question', 2, null, null, 3),
    entry('decline', 2, 'Lena Hoffmann', null, 4),
  ],
  actions: [action('answer', 'Answer'), action('revise-request', 'Change request')],
};

const given: unknown[] = [];
let refused: object | null = null;

async function host(request: Request): Promise<Response> {
  given.push(await request.json());
  if (refused) return Response.json(refused, { status: 422 });
  return Response.json({ command_id: 'c', position: null, subject: null, location: null, dry_run: false });
}

async function open(request: object) {
  vi.stubGlobal('fetch', host);
  const Page = () => (
    <SessionContext value={{ actor: 'id-lena', permissions: [] } as unknown as Session}>
      <QuestionsPanel request={request as Row<'requests'>} />
    </SessionContext>
  );
  const router = createRouter({
    routeTree: createRootRoute({ component: Page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  await waitFor(() => expect(router.state.status).toBe('idle'));
}

beforeEach(() => {
  given.length = 0;
  refused = null;
  sessionStorage.clear();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it('the thread is one list in order, with names, revisions and erased people', async () => {
  await open(REQUEST);
  const turns = within(await screen.findByRole('log', { name: t.thread })).getAllByRole('listitem');
  const [first, second, third, fourth] = turns.map(turn => turn.textContent ?? '');
  expect(first).toContain(t.kinds.question('James Carter'));
  expect(first).toContain(t.onEarlier('1'));
  expect(first).toContain('Why so large?');
  expect(second).toContain(t.kinds.answer('Lena Hoffmann'));
  expect(third).toContain(t.kinds.question(t.erased));
  expect(third).toContain(t.erasedText);
  expect(fourth).toContain(t.kinds.decline('Lena Hoffmann'));
  expect(fourth).not.toContain(t.erasedText);
  expect(third).not.toContain('before the request was changed');
});

it('the requester answers the revision that was read, and the focus moves to the thread', async () => {
  await open(REQUEST);
  const hand = userEvent.setup();
  await hand.type(await screen.findByLabelText(t.answer.label), 'For the spring campaign.');
  expect(screen.getByRole('link', { name: t.answer.instead }).getAttribute('href')).toBe(
    '/requests/r1/revise',
  );
  await hand.click(screen.getByRole('button', { name: 'Answer' }));
  await waitFor(() =>
    expect(given).toEqual([{ request: 'r1', revision: 2, text: 'For the spring campaign.' }]),
  );
  await waitFor(() => expect(document.activeElement?.contains(screen.getByRole('log'))).toBe(true));
});

it('an answer that is too short is refused at its field', async () => {
  const message = 'Answer in at least 3 characters.';
  refused = {
    code: 'invalid-answer',
    title: 'Correct it.',
    errors: [{ pointer: '/text', code: 'answer-too-short', message, params: {} }],
  };
  await open(REQUEST);
  await userEvent.click(await screen.findByRole('button', { name: 'Answer' }));
  await screen.findByText(message);
  expect(screen.getByLabelText(t.answer.label).getAttribute('aria-invalid')).toBe('true');
});

it('other people read the thread without a form, and an empty thread has no panel', async () => {
  await open({ ...REQUEST, actions: [] });
  await screen.findByRole('log');
  expect(screen.queryByRole('textbox')).toBeNull();
  cleanup();
  await open({ ...REQUEST, thread: null });
  expect(screen.queryByRole('log')).toBeNull();
});
