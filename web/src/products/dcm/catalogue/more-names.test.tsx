import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import type { Row } from '../api';
import { RequestForm } from './request-form';
import { MACHINES_MAX } from './request-values';

const OFFERING = {
  key: 'small',
  position: '1-1',
  name: 'Small',
  image: 'Debian 12',
  currency: 'EUR',
  active: true,
  actions: [],
} as unknown as Row<'offerings'>;

interface Body {
  name: string;
  more_names?: string[];
  expected_monthly_cents?: number;
}

const sent: Body[] = [];

/** Host with the price of one machine, which knows the name `web-02` already. */
async function host(request: Request): Promise<Response> {
  const body = (await request.json()) as Body;
  const machines = (body.more_names?.length ?? 0) + 1;
  const approval = { stages: [], rules: [] };
  const quote = {
    monthly_cents: 3_000,
    order_monthly_cents: 3_000 * machines,
    machines,
    currency: 'EUR',
    approval,
  };
  if (new URL(request.url).searchParams.has('dry-run'))
    return Response.json({ command_id: 'c', position: null, subject: null, dry_run: true, preview: quote });
  sent.push(body);
  const taken = body.more_names?.indexOf('web-02') ?? -1;
  const errors = [{ pointer: `/more_names/${taken}`, code: 'vm-name-taken', message: 'web-02 is taken.' }];
  const problem = { status: 409, code: 'vm-name-taken', title: 'Taken', detail: 'Taken', errors };
  return Response.json(problem, { status: 409 });
}

async function open() {
  const routeTree = createRootRoute({
    component: () => <RequestForm offering={OFFERING} former={undefined} />,
  });
  const router = createRouter({ routeTree, history: createMemoryHistory({ initialEntries: ['/'] }) });
  render(
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  await screen.findByText('€30.00');
}

const hand = userEvent.setup();
const name = (label: string) => screen.getByLabelText<HTMLInputElement>(label);
const add = () => hand.click(screen.getByRole('button', { name: 'Add a VM' }));
const submit = () => hand.click(screen.getByRole('button', { name: 'Submit request' }));
const rows = () => within(screen.getByRole('group', { name: 'Further VMs' })).queryAllByRole('textbox');

beforeEach(() => {
  sessionStorage.clear();
  sent.length = 0;
  vi.stubGlobal('fetch', host);
});
afterEach(() => vi.unstubAllGlobals());

it('a further machine has a field of its own, which gets the focus, and its own error', async () => {
  await open();
  await hand.type(name('VM name'), 'web-01');
  await add();
  expect(document.activeElement).toBe(name('Name of VM 2'));
  await hand.keyboard('web-02');
  await submit();
  await screen.findByText('web-02 is taken.');
  expect(name('Name of VM 2').getAttribute('aria-invalid')).toBe('true');
  expect(name('VM name').getAttribute('aria-invalid')).toBeNull();
  expect(sent[0]).toMatchObject({ name: 'web-01', more_names: ['web-02'], expected_monthly_cents: 3_000 });
});

it('the panel shows the price of one machine and of all', async () => {
  await open();
  await add();
  await add();
  await screen.findByText('3 VMs: €90.00 per month');
  expect(screen.getByText('€30.00')).toBeDefined();
  screen.getByText('per VM and month');
});

it('several pasted lines add a machine each', async () => {
  await open();
  await hand.click(name('VM name'));
  await hand.paste('web-01\nweb-02\nweb-03\n');
  expect(name('VM name').value).toBe('web-01');
  expect(rows().map(row => (row as HTMLInputElement).value)).toEqual(['web-02', 'web-03']);
  expect(document.activeElement).toBe(name('Name of VM 3'));
  expect(screen.getByRole('status').textContent).toBe('2 VMs added');
});

it('a removed machine takes its error along, and the field before it gets the focus', async () => {
  await open();
  await hand.click(name('VM name'));
  await hand.paste('web-01\nweb-02\nweb-03');
  await submit();
  await screen.findByText('web-02 is taken.');
  await hand.click(screen.getByRole('button', { name: 'Remove web-02' }));
  expect(screen.queryByText('web-02 is taken.')).toBeNull();
  expect(name('Name of VM 2').value).toBe('web-03');
  expect(document.activeElement).toBe(name('VM name'));
  await submit();
  await waitFor(() => expect(sent[1]).toMatchObject({ name: 'web-01', more_names: ['web-03'] }));
});

it('the button to add a machine goes away at the largest number', async () => {
  await open();
  await hand.click(name('VM name'));
  await hand.paste(Array.from({ length: MACHINES_MAX }, (_, index) => `web-${index}`).join('\n'));
  expect(rows()).toHaveLength(MACHINES_MAX - 1);
  expect(screen.queryByRole('button', { name: 'Add a VM' })).toBeNull();
});
