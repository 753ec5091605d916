import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import type { Action } from '@/shell/api/contract';
import { SHOP } from '@/shell/api/product-testing';
import { createStore, useStore } from '@/shell/api/store';
import { TooltipProvider } from '@/shell/ui/tooltip';
import { ActionDialogs } from './action-dialogs';
import type { ActionDialogProps, ActionPlans } from './action-plan';
import { RowActions } from './row-actions';

const action: Action = {
  command: 'cancel-order',
  title: 'Cancel',
  permitted: true,
  allowed: true,
  why: null,
  body: {},
};

const plans: ActionPlans = {
  'cancel-order': {
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
      {there ? (
        <RowActions product={SHOP} actions={[action]} plans={plans} name="web" unavailable="in-place" />
      ) : null}
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
  await hand.click(await screen.findByRole('button', { name: 'Cancel' }));
  await hand.type(screen.getByLabelText('Reason for web'), 'Too large');
  act(() => row.set(false));
  expect(screen.queryByRole('button', { name: 'Cancel' })).toBeNull();
  expect(screen.getByLabelText<HTMLInputElement>('Reason for web').value).toBe('Too large');
  await hand.click(screen.getByRole('button', { name: 'Close' }));
  expect(screen.queryByLabelText('Reason for web')).toBeNull();
});

it('forbidden actions are hidden, and unavailable ones show the reason', async () => {
  const confirm: Action = { ...action, command: 'confirm-order', title: 'Confirm', permitted: false };
  const ship: Action = {
    ...action,
    command: 'ship-order',
    title: 'Ship',
    allowed: false,
    why: 'Only for a paid order.',
  };
  const all: ActionPlans = {
    'confirm-order': { look: 'primary', done: name => name },
    'ship-order': { look: 'primary', done: name => name },
  };
  const page = () => (
    <TooltipProvider>
      <RowActions
        product={SHOP}
        actions={[{ ...confirm, allowed: false }, ship]}
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
  const button = await screen.findByRole('button', { name: 'Ship' });
  expect(button.getAttribute('aria-disabled')).toBe('true');
  expect(screen.getByText('Only for a paid order.')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Confirm' })).toBeNull();
});
