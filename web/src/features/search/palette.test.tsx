import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/api/query-client';
import { type Session, SessionContext } from '@/api/session';
import { paletteText } from '@/app/shell/palette-open';
import { type PageCommand, usePageCommands } from '@/app/shell/page-commands';
import { Palette } from './palette';
import { text } from './text';

const session = {
  kind: 'member',
  actor: 'a',
  permissions: ['dcm.request', 'dcm.approve'],
} as unknown as Session;

const row = {
  key: 'r1',
  position: '1-1',
  vm_name: 'shop-web-01',
  requester_id: 'l',
  requester_name: 'Lena Hoffmann',
  status: 'failed',
  status_text: 'failed',
  actions: [
    { command: 'retry-request', title: 'Retry', permitted: true, allowed: true, why: null, body: {} },
    { command: 'cancel-request', title: 'Cancel', permitted: true, allowed: true, why: null, body: {} },
    { command: 'reject-request', title: 'Reject', permitted: false, allowed: true, why: null, body: {} },
  ],
};

let answer: (view: string) => Promise<Response>;
const found = (view: string) =>
  Promise.resolve(Response.json({ items: view === 'requests' ? [row] : [], next: null }));
const approve = vi.fn<() => void>();
const commands: PageCommand[] = [{ label: 'Approve: shop-web-01', run: approve }];

function Page() {
  usePageCommands(commands);
  return <Palette />;
}

function open() {
  const router = createRouter({
    routeTree: createRootRoute({ component: Page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <SessionContext value={session}>
      <QueryClientProvider client={createQueryClient()}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </SessionContext>,
  );
  return router;
}

beforeEach(() => {
  paletteText.set('');
  approve.mockClear();
  answer = found;
  vi.stubGlobal('fetch', (request: Request) => answer(new URL(request.url).pathname.split('/').at(-1) ?? ''));
});
afterEach(() => vi.unstubAllGlobals());

const option = (name: RegExp) => screen.findByRole('option', { name });
const typed = async (words: string) => {
  const hand = userEvent.setup();
  await hand.type(await screen.findByRole('combobox'), words);
  return hand;
};

it('Enter goes to what was found and gives no command that merely has the same words', async () => {
  const router = open();
  const hand = await typed('shop-web-01');
  await option(/Approve: shop-web-01/);
  await hand.keyboard('{Enter}');
  expect(approve).not.toHaveBeenCalled();
  expect(router.state.location.pathname).toBe('/');
  await waitFor(async () => expect((await option(/^shop-web-01/)).dataset.selected).toBe('true'));
  await hand.keyboard('{Enter}');
  await waitFor(() => expect(router.state.location.pathname).toBe('/requests/r1'));
  expect(approve).not.toHaveBeenCalled();
});

it('of few things their actions are offered: those that are permitted, and none whose page has more to say', async () => {
  open();
  await typed('shop');
  await option(/^Cancel: shop-web-01/);
  expect(screen.queryByRole('option', { name: /^Reject/ })).toBeNull();
  expect(screen.queryByRole('option', { name: /^Retry/ })).toBeNull();
});

it('says that it searches, and that it could not, also where a page fits', async () => {
  const asked: ((cause: TypeError) => void)[] = [];
  answer = () => new Promise((_, refuse) => asked.push(refuse));
  open();
  await typed('re');
  await waitFor(() => expect(screen.getByRole('status').textContent).toBe(text.en.searching));
  await option(/^Requests/);
  answer = () => Promise.reject(new TypeError('no network'));
  for (const refuse of asked) refuse(new TypeError('no network'));
  await waitFor(() => expect(screen.getByRole('status').textContent).toBe(text.en.failed), {
    timeout: 10_000,
  });
}, 15_000);
