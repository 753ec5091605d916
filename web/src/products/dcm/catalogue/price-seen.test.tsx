import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { createStore, useStore } from '@/shell/api/store';
import type { Row } from '../api';
import { RequestForm } from './request-form';

const OFFERING = {
  key: 'small',
  position: '1-1',
  name: 'Small',
  image: 'Debian 12',
  cpu_min: 1,
  cpu_max: 8,
  memory_gb_min: 1,
  memory_gb_max: 64,
  currency: 'EUR',
  active: true,
  actions: [{ command: 'request-vm', title: 'Request', allowed: true, why: null, body: {} }],
} as unknown as Row<'offerings'>;

const offering = createStore(OFFERING);
/** Present price of the host. */
let price = 3_000;
const booked: unknown[] = [];

const refusal = (code: string, detail: string, params: object, errors: object[] = []) =>
  Response.json({ code, title: detail, detail, errors, params }, { status: 409 });

async function host(request: Request): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const body = (await request.json()) as { expected_monthly_cents?: number; cpus?: number };
  const quote = { monthly_cents: price, currency: 'EUR', approval: { stages: [], rules: [] } };
  if (searchParams.has('dry-run')) {
    const name = { pointer: '/name', code: 'missing', message: 'A name is needed.' };
    const cpus = { pointer: '/cpus', code: 'maximum', message: 'At most 8 CPUs.' };
    return refusal('invalid-request', 'Not yet', quote, (body.cpus ?? 0) > 8 ? [name, cpus] : [name]);
  }
  const { expected_monthly_cents: seen } = body;
  if (seen !== price) return refusal('price-changed', `From ${seen} to ${price}`, { monthly_cents: price });
  booked.push(seen);
  return Response.json({ command_id: 'c', position: null, subject: null, location: null, dry_run: false });
}

const Page = () => <RequestForm offering={useStore(offering)} former={undefined} />;

async function open() {
  vi.stubGlobal('fetch', host);
  const routeTree = createRootRoute({ component: Page });
  const router = createRouter({ routeTree, history: createMemoryHistory({ initialEntries: ['/'] }) });
  render(
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  await screen.findByText(/€30.00/);
}

const hand = userEvent.setup();
const submit = () => hand.click(screen.getByRole('button', { name: 'Submit request' }));
/** Live update of the offering. */
const change = (changed: object) => act(() => offering.set({ ...offering.get(), ...changed }));

beforeEach(() => {
  offering.set(OFFERING);
  price = 3_000;
  booked.length = 0;
});
afterEach(() => vi.unstubAllGlobals());

describe('the booked price is the shown price', () => {
  it('or the request is rejected, and both prices are shown before the next attempt', async () => {
    await open();
    price = 9_700;
    await submit();
    expect((await screen.findByRole('alert')).textContent).toContain('From 3000 to 9700');
    expect(booked).toEqual([]);
    await screen.findByText(/€97.00/);
    expect(screen.getByText(/The former price was €30.00/)).toBeDefined();
    await submit();
    await waitFor(() => expect(booked).toEqual([9_700]));
  });

  it('follows the offering while the form is open, and shows the former price', async () => {
    await open();
    price = 9_700;
    change({ position: '1-2' });
    await screen.findByText(/€97.00/);
    expect(screen.getByText(/The former price was €30.00/)).toBeDefined();
    await submit();
    await waitFor(() => expect(booked).toEqual([9_700]));
  });

  it('is not assumed for a size without a price', async () => {
    await open();
    price = 4_000;
    await hand.click(screen.getByRole('button', { name: 'More: CPUs' }));
    await submit();
    expect((await screen.findByRole('alert')).textContent).toContain('From 3000 to 4000');
    expect(booked).toEqual([]);
    await screen.findByText(/€40.00/);
    expect(screen.queryByText(/The former price was/)).toBeNull();
    await submit();
    await waitFor(() => expect(booked).toEqual([4_000]));
  });
});

it('a size outside the limits is refused while it is typed, and missing values are not', async () => {
  await open();
  const field = screen.getByLabelText('CPUs');
  await hand.clear(field);
  await hand.type(field, '99');
  await screen.findByText('At most 8 CPUs.');
  expect(screen.queryByText('A name is needed.')).toBeNull();
  await hand.clear(field);
  await hand.type(field, '4');
  await waitFor(() => expect(screen.queryByText('At most 8 CPUs.')).toBeNull());
});
