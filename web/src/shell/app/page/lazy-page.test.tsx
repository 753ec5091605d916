import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { act, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { reach } from '@/shell/api/reach';
import { reloadOnce } from '../release/release';
import { lazyPage, loadAllPages } from './lazy-page';

const person = { kind: 'member', actor: 'a', name: 'Lena', roles: [], permissions: [], tenant: null };
const answered = () =>
  Promise.resolve(new Response(JSON.stringify(person), { headers: { 'Content-Type': 'application/json' } }));
const silence = () => Promise.reject(new TypeError('no network'));

let answer: () => Promise<Response> = answered;
let missing = false;
const asked = vi.fn<() => void>();

function module() {
  asked();
  return missing
    ? Promise.reject(new TypeError('Failed to fetch dynamically imported module'))
    : Promise.resolve({ Page: () => <h1>Machines</h1> });
}

function open(): void {
  const router = createRouter({
    routeTree: createRootRoute({ component: lazyPage(module, 'Page') }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
}

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  sessionStorage.clear();
  vi.stubGlobal('fetch', () => answer());
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  reach.set('answers');
  asked.mockClear();
});

describe('a page whose script cannot be loaded', () => {
  it('stays in the application while the host is unreachable, and opens by itself afterwards', async () => {
    answer = silence;
    missing = true;
    open();
    expect(await screen.findByRole('heading', { name: /cannot be loaded at the moment/ })).toBeTruthy();
    answer = answered;
    missing = false;
    await act(() => vi.advanceTimersByTimeAsync(3_500));
    expect(await screen.findByRole('heading', { name: 'Machines' })).toBeTruthy();
  });

  it('is reloaded once per release', () => {
    const reload = vi.fn<() => void>();
    const of = (release: string) => reloadOnce(release, reload);
    expect([of('index-1.js'), of('index-1.js'), of('index-2.js')]).toEqual([true, false, true]);
    expect(reload).toHaveBeenCalledTimes(2);
  });
});

it('is loaded before it is opened', async () => {
  missing = false;
  lazyPage(module, 'Page');
  await loadAllPages(() => false);
  expect(asked).toHaveBeenCalled();
});
