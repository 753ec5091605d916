import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { type Session, SessionContext } from '@/shell/api/session';
import { nav } from '../nav';
import { APPROVE, DECIDE, REQUEST } from '../permissions';
import { HomePanels } from './home-panels';
import { text } from './text';

const ROW = {
  key: 'r1',
  vm_name: 'web-01',
  status: 'pending',
  requester_name: 'Lena Hoffmann',
  submitted_at: new Date().toISOString(),
  monthly_cents: 100,
  currency: 'EUR',
  approval: null,
  decisions: null,
  actions: [
    { command: 'approve-request', title: 'Approve', permitted: true, allowed: true, why: null, body: {} },
  ],
};

const title = text.en.approve.title;

async function open(permissions: string[], waiting: object[]) {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url);
    const approvals = url.pathname.endsWith('/views/approvals');
    if (approvals) asked.push(url.search);
    return Response.json({ items: approvals ? waiting : [], next: null });
  });
  const session = { kind: 'member', actor: 'id-fritz', permissions } as unknown as Session;
  const router = createRouter({
    routeTree: createRootRoute({ component: HomePanels }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <SessionContext value={session}>
      <QueryClientProvider client={createQueryClient()}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </SessionContext>,
  );
  await screen.findByText(text.en.mine.empty);
  return asked;
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe('a person who may be asked to decide', () => {
  it('finds the inbox in the navigation', () => {
    const inbox = nav.work.find(entry => entry.to === '/approvals');
    expect(inbox?.permissions).toEqual([APPROVE, DECIDE]);
  });

  it('finds on the home page what waits for them', async () => {
    const asked = await open([REQUEST, DECIDE], [ROW]);
    await screen.findByRole('heading', { name: title });
    expect(screen.getByRole('link', { name: 'web-01' })).toBeDefined();
    expect(asked[0]).toContain('waiting_for=me');
  });

  it('sees no empty panel, unless they hold the right to approve', async () => {
    await open([REQUEST, DECIDE], []);
    expect(screen.queryByRole('heading', { name: title })).toBeNull();
    cleanup();
    await open([REQUEST, DECIDE, APPROVE], []);
    await screen.findByRole('heading', { name: title });
  });
});
