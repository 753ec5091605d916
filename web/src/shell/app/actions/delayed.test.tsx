import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { act, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import type { Action } from '@/shell/api/contract';
import { isProblem } from '@/shell/api/problem';
import { SHOP } from '@/shell/api/product-testing';
import { createStore, useStore } from '@/shell/api/store';
import { TooltipProvider } from '@/shell/ui/tooltip';
import { DelayedActions } from './delayed-actions';
import { ActionDialogs } from './action-dialogs';
import { settleDelayed, takeBackFor } from './delayed-store';
import type { ActionDialogProps, ActionPlans } from './action-plan';
import { useOneTargetPerDoubleClick } from './ignore-clicks';
import { RowActions } from './row-actions';

const confirm: Action = {
  command: 'confirm-order',
  title: 'Confirm',
  permitted: true,
  allowed: true,
  why: null,
  body: { order: 'r1' },
};
const plans: ActionPlans = {
  'confirm-order': {
    look: 'primary',
    done: name => name,
    delayed: true,
    reconsider: cause => (isProblem(cause, 'price-changed') ? Again : undefined),
  },
};

function Again({ name, close }: ActionDialogProps) {
  return <button onClick={close}>Agree: {name}</button>;
}

const given: Request[] = [];
let answer: () => Promise<Response>;
const accepted = () =>
  Promise.resolve(
    new Response(JSON.stringify({ command_id: 'c', position: '1-7', subject: null }), {
      status: 202,
      headers: { 'Content-Type': 'application/json' },
    }),
  );

const row = createStore(true);

function Page() {
  useOneTargetPerDoubleClick();
  const isThere = useStore(row);
  return (
    <TooltipProvider>
      {isThere ? (
        <RowActions product={SHOP} actions={[confirm]} plans={plans} name="web" unavailable="in-place" />
      ) : null}
      <ActionDialogs />
      <DelayedActions />
    </TooltipProvider>
  );
}

async function open() {
  const router = createRouter({
    routeTree: createRootRoute({ component: Page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  return screen.findByRole('button', { name: 'Confirm' });
}

const later = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds));
const button = (name: string) => screen.queryByRole('button', { name });

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  given.length = 0;
  row.set(true);
  answer = accepted;
  vi.stubGlobal('fetch', (request: Request) => {
    given.push(request);
    return answer();
  });
});

afterEach(() => {
  act(() => takeBackFor('order', 'r1'));
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a delayed command', () => {
  it('can be undone before it takes effect', async () => {
    fireEvent.click(await open());
    await later(5_000);
    fireEvent.click(screen.getByRole('button', { name: 'Undo' }));
    expect(button('Confirm')).toBeTruthy();
    await later(20_000);
    expect(given).toHaveLength(0);
  });

  it('takes effect after the delay', async () => {
    fireEvent.click(await open());
    await later(7_000);
    expect(given).toHaveLength(0);
    await later(1_500);
    expect(given).toHaveLength(1);
    expect(button('Undo')).toBeNull();
  });

  it('takes effect when the tab is hidden or closed', async () => {
    fireEvent.click(await open());
    await later(1_000);
    act(() => void window.dispatchEvent(new Event('pagehide')));
    await later(0);
    expect(given).toHaveLength(1);
    expect(given[0]?.keepalive).toBe(true);
  });

  it('is not undone by a second click, which presses no other button', async () => {
    fireEvent.click(await open());
    fireEvent.click(screen.getByRole('button', { name: 'Undo' }), { detail: 2 });
    await later(300);
    fireEvent.click(screen.getByRole('button', { name: 'Undo' }));
    await later(9_000);
    expect(given).toHaveLength(1);
  });

  it('lapses when another person decided before', async () => {
    fireEvent.click(await open());
    act(() => takeBackFor('order', 'r1'));
    await later(9_000);
    expect(given).toHaveLength(0);
  });

  it('reports a failure when the host is down; a retry is the same attempt', async () => {
    answer = () => Promise.reject(new TypeError('no network'));
    fireEvent.click(await open());
    await later(9_000);
    expect(screen.getByRole('status').textContent).toContain('did not take effect');
    answer = accepted;
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await later(100);
    expect(given.map(request => request.headers.get('Idempotency-Key'))).toEqual([
      given[0]?.headers.get('Idempotency-Key'),
      given[0]?.headers.get('Idempotency-Key'),
    ]);
  });

  it('takes effect before the session ends', async () => {
    fireEvent.click(await open());
    await later(1_000);
    let settled: boolean | undefined;
    act(() => void settleDelayed().then(all => (settled = all)));
    await later(100);
    expect([given.length, settled]).toEqual([1, true]);
    // No command is in progress.
    expect(await settleDelayed()).toBe(true);
  });

  it('asks again after a refusal that the person can overcome, and offers the command afterwards', async () => {
    const refused = { status: 409, code: 'price-changed', title: 'Changed', detail: '', errors: [] };
    answer = async () => Response.json(refused, { status: 409 });
    fireEvent.click(await open());
    await later(9_000);
    fireEvent.click(screen.getByRole('button', { name: 'Agree: web' }));
    await later(100);
    expect(button('Agree: web')).toBeNull();
    expect(button('Confirm')).toBeTruthy();
    expect(given).toHaveLength(1);
  });

  it('reports a failure in a dialog when its row is gone', async () => {
    answer = () => Promise.reject(new TypeError('no network'));
    fireEvent.click(await open());
    await later(1_000);
    act(() => row.set(false));
    let settled: boolean | undefined;
    act(() => void settleDelayed().then(all => (settled = all)));
    await later(100);
    expect(settled).toBe(false);
    expect(screen.getByRole('dialog').textContent).toContain('Confirm: web');
    answer = accepted;
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await later(100);
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(given.length).toBeGreaterThan(1);
  });
});
