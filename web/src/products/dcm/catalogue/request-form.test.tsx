import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { type Session, SessionContext } from '@/shell/api/session';
import { createStore, useStore } from '@/shell/api/store';
import { onlyFor } from '@/shell/app/page/only-for';
import { TooltipProvider } from '@/shell/ui/tooltip';
import type { Row } from '../api';
import { OFFER, REQUEST } from '../permissions';
import { RequestForm } from './request-form';

const lena = { actor: 'lena', permissions: [REQUEST], tenant: null } as unknown as Session;
const open = {
  key: 'small',
  name: 'Linux Small',
  position: '1-1',
  active: true,
  cpu_min: 1,
  cpu_max: 8,
  memory_gb_min: 1,
  memory_gb_max: 32,
  actions: [],
} as unknown as Row<'offerings'>;
const offering = createStore(open);
const sent: { url: string; body: unknown }[] = [];

function Page() {
  return (
    <SessionContext value={lena}>
      <TooltipProvider>
        <RequestForm offering={useStore(offering)} former={undefined} />
      </TooltipProvider>
    </SessionContext>
  );
}

async function show(component: () => React.ReactNode = Page) {
  const router = createRouter({
    routeTree: createRootRoute({ component }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  await act(() => Promise.resolve());
}

beforeEach(() => {
  sessionStorage.clear();
  offering.set(open);
  sent.length = 0;
  vi.stubGlobal('fetch', async (request: Request) => {
    sent.push({ url: request.url, body: await request.json() });
    const problem = { status: 422, code: 'body-invalid', title: 't', detail: 'd', errors: [] };
    return new Response(JSON.stringify(problem), {
      status: 422,
      headers: { 'Content-Type': 'application/problem+json' },
    });
  });
});

afterEach(() => vi.unstubAllGlobals());

describe('a number in a form', () => {
  it.each([
    ['2,5', '2,5'],
    ['1e3', '1e3'],
    ['+5', '+5'],
    ['{Backspace}', ''],
    ['4', 4],
  ])('is the typed text, however a browser parses it: %s', async (typed, body) => {
    await show();
    const hand = userEvent.setup();
    const cpus = await screen.findByLabelText<HTMLInputElement>('CPUs');
    await hand.clear(cpus);
    await hand.type(cpus, typed);
    await hand.click(screen.getByRole('button', { name: 'Submit request' }));
    expect(sent.find(({ url }) => !url.includes('dry-run'))?.body).toMatchObject({ cpus: body });
  });

  it('does not change with the wheel, and does with the arrow keys', async () => {
    await show();
    const cpus = await screen.findByLabelText<HTMLInputElement>('CPUs');
    // happy-dom does not emulate number fields; the type decides.
    expect(cpus.type).toBe('text');
    await userEvent.setup().type(cpus, '{ArrowUp}{ArrowUp}{ArrowDown}');
    expect(cpus.value).toBe('2');
  });
});

it('a closed offering accepts no request, also while its form is open', async () => {
  await show();
  const why = await screen.findByLabelText<HTMLTextAreaElement>('Justification');
  await userEvent.setup().type(why, 'Front end');
  act(() => offering.set({ ...open, active: false }));
  expect(why.closest('fieldset')?.disabled).toBe(true);
  expect(why.value).toBe('Front end');
  expect(screen.queryByRole('button', { name: 'Submit request' })).toBeNull();
});

it('a page for other roles shows an explanation instead of its form', async () => {
  const Admins = onlyFor(OFFER, () => <form aria-label="Offering" />);
  await show(() => (
    <SessionContext value={lena}>
      <Admins />
    </SessionContext>
  ));
  expect(await screen.findByRole('heading', { name: 'You have no access to this page' })).toBeTruthy();
  expect(screen.queryByRole('form')).toBeNull();
});

it('a copy of a request has its size, term and justification, and no name', async () => {
  const former = {
    key: 'r1',
    vm_name: 'web-01',
    cpus: 4,
    memory_gb: 8,
    term_months: 6,
    justification: 'For the campaign.',
  } as unknown as Row<'requests'>;
  await show(() => (
    <SessionContext value={lena}>
      <TooltipProvider>
        <RequestForm offering={open} former={former} />
      </TooltipProvider>
    </SessionContext>
  ));
  const values = ['VM name', 'CPUs', 'Memory (GB)', 'Term (months)', 'Justification'].map(
    label => screen.getByLabelText<HTMLInputElement>(label).value,
  );
  expect(values).toEqual(['', '4', '8', '6', 'For the campaign.']);
});
