import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { type Session, SessionContext } from '@/shell/api/session';
import type { Row } from '../api';
import { DecideDialog } from './decide-dialog';
import { OrderPanel } from './order-panel';

const action = (command: string, request: string) => ({
  command,
  title: command,
  permitted: true,
  allowed: true,
  why: null,
  body: { request, revision: 1 },
});

/** Row of a line; only pending ones offer decisions. */
const line = (number: number, more: object = {}) => ({
  key: `r${number}`,
  vm_name: `web-0${number}`,
  status: 'pending',
  status_text: 'pending',
  order_id: 'r1',
  order_line: number,
  order_lines: 3,
  monthly_cents: 3_000,
  currency: 'EUR',
  requester_name: 'Lena Hoffmann',
  waiting_on: 'Waits for James.',
  actions: [action('approve-request', `r${number}`), action('reject-request', `r${number}`)],
  ...more,
});

let rows = [line(1), line(2), line(3)];
const given: { command: string; body: Record<string, unknown> }[] = [];

const refusal = (code: string, detail: string, errors: object[] = []) =>
  Response.json({ status: 409, code, title: detail, detail, errors }, { status: 409 });

async function host(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  if (!pathname.includes('/commands/')) {
    expect(searchParams.get('order_id')).toBe('r1');
    return Response.json({ items: rows, next: null, position: '1-1' });
  }
  const command = pathname.split('/').at(-1) ?? '';
  const body = (await request.json()) as Record<string, unknown>;
  given.push({ command, body });
  if (command === 'reject-request' && !body['reason'])
    return refusal('invalid-reason', 'Name a reason.', [
      { pointer: '/reason', code: 'reason-too-short', message: 'Explain it.' },
    ]);
  if (body['request'] === 'r2') return refusal('price-changed', 'The price has changed.');
  return Response.json({ command_id: 'c', position: null, subject: null, location: null, dry_run: false });
}

async function show(component: () => ReactNode) {
  const routeTree = createRootRoute({ component });
  const router = createRouter({ routeTree, history: createMemoryHistory({ initialEntries: ['/'] }) });
  render(
    <QueryClientProvider client={createQueryClient()}>
      <SessionContext value={{ actor: 'id-james', permissions: [] } as unknown as Session}>
        <RouterProvider router={router as never} />
      </SessionContext>
    </QueryClientProvider>,
  );
}

const hand = userEvent.setup();

beforeEach(() => {
  rows = [line(2), line(1), line(3)];
  given.length = 0;
  vi.stubGlobal('fetch', host);
});
afterEach(() => vi.unstubAllGlobals());

const openDialog = async () => {
  await show(() => <DecideDialog orderId="r1" requester="Lena Hoffmann" close={() => undefined} />);
  await screen.findByRole('checkbox', { name: 'web-01' });
};

const openPanel = async () => {
  await show(() => <OrderPanel request={rows.find(row => row.key === 'r1') as unknown as Row<'requests'>} />);
  await waitFor(() => expect(screen.getAllByRole('listitem')).toHaveLength(rows.length));
  return within(screen.getByRole('list', { name: 'VMs of this order' })).getAllByRole('listitem');
};

describe('a decision on several machines', () => {
  it('gives one command per chosen machine, and each line shows its result', async () => {
    await openDialog();
    const names = screen
      .getAllByRole('checkbox')
      .map(box => (box as HTMLInputElement).labels?.[0]?.textContent);
    expect(names).toEqual(['web-01', 'web-02', 'web-03']);
    await hand.click(screen.getByRole('checkbox', { name: 'web-03' }));
    await hand.click(screen.getByRole('button', { name: 'Approve 2' }));
    await screen.findByText('1 of 2 decisions were recorded.');
    expect(given.map(({ command, body }) => [command, body['request']])).toEqual([
      ['approve-request', 'r1'],
      ['approve-request', 'r2'],
    ]);
    const [first, second, third] = screen.getAllByRole('listitem');
    expect(first?.textContent).toContain('You approved it.');
    expect(second?.textContent).toContain('The price has changed.');
    expect(third?.textContent).not.toContain('You approved it.');
  });

  it('a rejection without a reason is refused at the field, once for all', async () => {
    await openDialog();
    await hand.click(screen.getByRole('button', { name: 'Reject 3' }));
    await screen.findByText('Explain it.');
    expect(given).toHaveLength(1);
    await hand.type(screen.getByRole('textbox', { name: 'Comment or reason' }), 'Too many.');
    await hand.click(screen.getByRole('button', { name: 'Reject 3' }));
    await waitFor(() => expect(given).toHaveLength(4));
    expect(given[3]?.body).toEqual({ request: 'r3', revision: 1, reason: 'Too many.' });
  });

  it('leaves machines out on which the person cannot decide', async () => {
    rows = [
      line(1),
      line(2, { actions: [] }),
      line(3, { status: 'approved', status_text: 'approved', actions: [] }),
    ];
    await openDialog();
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: 'web-02' }).disabled).toBe(true);
    screen.getByText('You cannot decide on this request.');
    screen.getByRole('button', { name: 'Approve 1' });
  });
});

describe('the panel of an order', () => {
  it('has a line per machine with state, wait or result, and a link', async () => {
    rows = [
      line(1),
      line(2, { status: 'rejected', status_text: 'rejected', waiting_on: null, reason: 'Two are enough.' }),
      line(3, { status: 'fulfilled', status_text: 'fulfilled', waiting_on: null, ip: '10.0.0.7' }),
    ];
    const lines = (await openPanel()).map(one => one.textContent ?? '');
    expect(lines[0]).toBe('web-01 (this request)pendingWaits for James.');
    expect(lines[1]).toBe('web-02rejectedReason: Two are enough.');
    expect(lines[2]).toBe('web-03fulfilledAddress: 10.0.0.7');
    expect(screen.getByRole('link', { name: 'web-03' }).getAttribute('href')).toBe('/requests/r3');
    screen.getByText('€90.00 per month for all');
  });

  it('says so if the person sees only some of the machines', async () => {
    rows = [line(1), line(3)];
    await openPanel();
    expect(screen.getByText('You can see 2 of 3 VMs.')).toBeDefined();
  });
});
