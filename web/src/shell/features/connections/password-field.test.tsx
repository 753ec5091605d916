import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { TooltipProvider } from '@/shell/ui/tooltip';
import { VSPHERE } from './connection-testing';
import { ConnectionForm } from './connection-form';
import type { Connection } from './connections';

const connection = {
  capability: 'vsphere',
  name: 'vcenter',
  configured: true,
  config: { url: 'https://vcenter.example.com/sdk', username: 'eaf', datacenter: 'DC1', folder: 'acme' },
  updated_at: '2026-11-28T10:00:00Z',
  last_error: null,
  last_check_at: null,
} as unknown as Connection;

const page = () => (
  <TooltipProvider>
    <ConnectionForm type={VSPHERE} connection={connection} />
  </TooltipProvider>
);

it('password managers find no field as long as the stored password stays', async () => {
  const router = createRouter({
    routeTree: createRootRoute({ component: page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  const { container } = render(
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  const hand = userEvent.setup();
  const replace = await screen.findByRole('button', { name: 'Replace: Password' });
  expect(container.querySelector('input[type=password]')).toBeNull();
  await hand.click(replace);
  expect(screen.getByLabelText('Password').getAttribute('autocomplete')).toBe('new-password');
  await hand.click(screen.getByRole('button', { name: 'Keep the stored one' }));
  expect(container.querySelector('input[type=password]')).toBeNull();

  // Another address: the password is required again, since the stored one would be sent elsewhere.
  await hand.type(screen.getByLabelText('Address of vCenter'), '2');
  expect(screen.getByLabelText('Password')).toBeTruthy();
});
