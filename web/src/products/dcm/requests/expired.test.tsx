import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { render, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { type Session, SessionContext } from '@/shell/api/session';
import type { Row } from '../api';
import { RequestHero } from './request-hero';

const request = {
  key: 'r1',
  status: 'expired',
  offering: 'small',
  requester_id: 'lena',
  decided_at: new Date().toISOString(),
  waiting: null,
} as unknown as Row<'requests'>;

const Page = () => (
  <SessionContext value={{ actor: 'lena', permissions: [] } as unknown as Session}>
    <RequestHero request={request} events={[]} />
  </SessionContext>
);

it('an expired request says so, and its requester can submit it again', async () => {
  const router = createRouter({
    routeTree: createRootRoute({ component: Page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  await screen.findByRole('heading', { name: 'Expired without a decision' });
  expect(screen.getByText(/The deadline for the decision is over/)).toBeDefined();
  expect(screen.getByRole('link', { name: 'Request again' })).toBeDefined();
});
