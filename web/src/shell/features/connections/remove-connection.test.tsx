import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { MAIL } from './connection-testing';
import type { Connection } from './connections';
import { RemoveConnection } from './remove-connection';

const CONNECTION = { capability: 'mail', name: 'default', configured: true } as unknown as Connection;

const Page = () => <RemoveConnection type={MAIL} connection={CONNECTION} />;

afterEach(() => vi.unstubAllGlobals());

it('a connection is deleted after confirmation, and a refusal is shown in the dialog', async () => {
  const asked: string[] = [];
  const answers = [
    Response.json({ code: 'permission-missing', title: 'No', detail: 'You may not.' }, { status: 403 }),
    new Response(null, { status: 204 }),
  ];
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`);
    return answers.shift();
  });
  const router = createRouter({
    routeTree: createRootRoute({ component: Page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  const hand = userEvent.setup();
  await hand.click(await screen.findByRole('button', { name: 'Delete connection' }));
  expect(asked).toEqual([]);
  const dialog = await screen.findByRole('dialog');
  const yes = [...dialog.querySelectorAll('button')].find(one => one.textContent === 'Delete connection');
  await hand.click(yes!);
  expect((await screen.findByRole('alert')).textContent).toContain('You may not.');
  await hand.click(yes!);
  await waitFor(() => expect(asked).toHaveLength(2));
  expect(asked[1]).toBe('DELETE /api/host/connections/mail/default');
  await waitFor(() => expect(router.state.location.pathname).toBe('/admin/connections'));
});
