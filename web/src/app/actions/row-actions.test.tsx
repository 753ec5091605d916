import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { createQueryClient } from '@/api/query-client';
import type { Action } from '@/api/rows';
import { createStore, useStore } from '@/api/store';
import { TooltipProvider } from '@/ui/tooltip';
import { ActionDialogs } from './action-dialogs';
import type { ActionDialogProps, ActionPlans } from './action-plan';
import { RowActions } from './row-actions';

const action: Action = {
  command: 'reject-request',
  title: 'Reject',
  permitted: true,
  allowed: true,
  why: null,
  body: {},
};

const plans: ActionPlans = {
  'reject-request': {
    look: 'danger',
    done: name => name,
    Dialog: ({ name, close }: ActionDialogProps) => (
      <>
        <input aria-label={`Reason for ${name}`} />
        <button onClick={close}>Close</button>
      </>
    ),
  },
};

const row = createStore(true);

function Page() {
  const there = useStore(row);
  return (
    <TooltipProvider>
      {there ? <RowActions actions={[action]} plans={plans} name="web" unavailable="in-place" /> : null}
      <ActionDialogs />
    </TooltipProvider>
  );
}

it('keeps what was typed when the row leaves the page', async () => {
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
  await hand.click(await screen.findByRole('button', { name: 'Reject' }));
  await hand.type(screen.getByLabelText('Reason for web'), 'Too large');
  act(() => row.set(false));
  expect(screen.queryByRole('button', { name: 'Reject' })).toBeNull();
  expect(screen.getByLabelText<HTMLInputElement>('Reason for web').value).toBe('Too large');
  await hand.click(screen.getByRole('button', { name: 'Close' }));
  expect(screen.queryByLabelText('Reason for web')).toBeNull();
});

it('what the role never allows is not there, and what the state forbids says why', async () => {
  const approve: Action = { ...action, command: 'approve-request', title: 'Approve', permitted: false };
  const retry: Action = {
    ...action,
    command: 'retry-request',
    title: 'Retry',
    allowed: false,
    why: 'Only for a failed request.',
  };
  const all: ActionPlans = {
    'approve-request': { look: 'primary', done: name => name },
    'retry-request': { look: 'primary', done: name => name },
  };
  const page = () => (
    <TooltipProvider>
      <RowActions
        actions={[{ ...approve, allowed: false }, retry]}
        plans={all}
        name="web"
        unavailable="in-place"
      />
    </TooltipProvider>
  );
  const router = createRouter({
    routeTree: createRootRoute({ component: page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  const button = await screen.findByRole('button', { name: 'Retry' });
  expect(button.getAttribute('aria-disabled')).toBe('true');
  expect(screen.getByText('Only for a failed request.')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Approve' })).toBeNull();
});
