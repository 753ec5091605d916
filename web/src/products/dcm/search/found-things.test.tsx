import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { render, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { type Session, SessionContext } from '@/shell/api/session';
import type { AnyRow } from '@/shell/app/product';
import { Command, CommandList } from '@/shell/ui/command';
import { APPROVE, REQUEST } from '../permissions';
import { FoundThings } from './found-things';

const session = { kind: 'member', actor: 'a', permissions: [REQUEST, APPROVE] } as unknown as Session;

const action = (command: string, title: string, permitted: boolean) => ({
  command,
  title,
  permitted,
  allowed: true,
  why: null,
  body: {},
});

const request = (key: string): AnyRow => ({
  key,
  vm_name: `shop-web-${key}`,
  requester_id: 'l',
  requester_name: 'Lena Hoffmann',
  status: 'failed',
  status_text: 'failed',
  actions: [
    action('retry-request', 'Retry', true),
    action('cancel-request', 'Cancel', true),
    action('reject-request', 'Reject', false),
  ],
});

async function options(requests: AnyRow[], words: string[]) {
  const page = () => (
    <Command shouldFilter={false}>
      <CommandList>
        <FoundThings rows={{ requests }} words={words} choose={run => run} />
      </CommandList>
    </Command>
  );
  const router = createRouter({
    routeTree: createRootRoute({ component: page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <SessionContext value={session}>
      <QueryClientProvider client={createQueryClient()}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </SessionContext>,
  );
  const found = await screen.findAllByRole('option');
  return found.map(option => option.textContent);
}

it('few results have their permitted actions, except those that need their page', async () => {
  expect(await options([request('01')], ['shop'])).toEqual([
    'shop-web-01Lena Hoffmannfailed',
    'Cancel: shop-web-01',
  ]);
});

it('many results have links alone', async () => {
  const found = await options(['01', '02', '03', '04'].map(request), ['shop']);
  expect(found.filter(option => option?.startsWith('Cancel'))).toEqual([]);
  expect(found).toHaveLength(4);
});

it('a person whose name matches has links to their machines and requests', async () => {
  expect(await options([request('01')], ['hoff'])).toEqual([
    'shop-web-01Lena Hoffmannfailed',
    'Cancel: shop-web-01',
    'Lena Hoffmann: virtual machines',
    'Lena Hoffmann: requests',
  ]);
});
