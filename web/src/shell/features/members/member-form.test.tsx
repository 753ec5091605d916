import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider, createMemoryHistory, createRootRoute, createRouter } from '@tanstack/react-router';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { MemberForm } from './member-form';
import type { Member, Role } from './members';
import { RemoveMember } from './remove-member';
import { text } from './text';

const ANNA: Member = {
  actor: '0198f0aa-1111-7222-8333-444455556666',
  name: 'Anna Berg',
  email: 'anna@shop.example',
  locale: 'en',
  roles: ['buyer', 'former'],
  groups: [],
  manager: { actor: '0198f0aa-1111-7222-8333-000000000000', name: 'Max Tal' },
  cost_centre: '1',
  deputy: null,
  stands_in_for: [],
  tag: '0123456789abcdef',
};
const ROLES: Role[] = [
  { role: 'admin', host: true, products: [] },
  { role: 'buyer', host: false, products: [{ id: 'shop', name: 'Shop' }] },
];

afterEach(() => vi.unstubAllGlobals());

/** Renders the page; `stored` is what the host answers, `sent` what it was sent. */
const OPEN = {
  own: { total: 0, items: [] },
  waiting: {
    total: 1,
    items: [{ object: 'orders/7', name: 'Order 7', status_text: 'open', alone: true }],
  },
};

async function open(page: () => React.ReactNode, stored: { member: Member; put?: Response }) {
  const sent: unknown[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.url.endsWith('/open-items')) return Response.json(OPEN);
    if (request.method === 'GET') return Response.json(stored.member);
    const isOnOther = request.headers.get('If-Match') !== `"${stored.member.tag}"`;
    if (request.method === 'PUT' && isOnOther)
      return Response.json({ code: 'changed-meanwhile', title: 'Changed', detail: '' }, { status: 412 });
    sent.push(request.method === 'PUT' ? await request.json() : request.method);
    return stored.put ?? new Response(null, { status: 204 });
  });
  const router = createRouter({
    routeTree: createRootRoute({ component: page }),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  return { sent, hand: userEvent.setup() };
}

const t = text.en;
const Form = () => <MemberForm member={ANNA} known={ROLES} />;
const save = () => screen.getByRole('button', { name: t.save });

it('sends roles, manager and cost centre together, and keeps a role that no product names', async () => {
  const { sent, hand } = await open(Form, { member: ANNA });
  await hand.click(await screen.findByRole('checkbox', { name: 'Administrator' }));
  await hand.click(save());
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toEqual({
    roles: ['admin', 'buyer', 'former'],
    manager: ANNA.manager?.actor,
    cost_centre: '1',
  });
});

it('without a role nothing is sent, and the form says what to do', async () => {
  const { sent, hand } = await open(Form, { member: ANNA });
  await hand.click(await screen.findByRole('checkbox', { name: 'buyer' }));
  await hand.click(screen.getByRole('checkbox', { name: 'former' }));
  await hand.click(save());
  expect(await screen.findByText(t.noRole)).toBeTruthy();
  expect(sent).toEqual([]);
});

it('a change by another admin meanwhile is shown and not overwritten', async () => {
  const stored = { member: { ...ANNA, cost_centre: '2', tag: 'fedcba9876543210' } };
  const { sent, hand } = await open(Form, stored);
  await hand.click(await screen.findByRole('checkbox', { name: 'Administrator' }));
  await hand.click(save());
  expect(await screen.findByText(t.changedTitle)).toBeTruthy();
  expect(sent).toEqual([]);
  expect(screen.getByRole('textbox', { name: t.costCentre })).toHaveProperty('value', '2');
  expect(screen.getByRole('checkbox', { name: 'Administrator' })).toHaveProperty('checked', true);
  await hand.click(save());
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toMatchObject({ roles: ['admin', 'buyer', 'former'], cost_centre: '2' });
});

it('an error at one role is shown at the roles', async () => {
  const errors = [{ pointer: '/roles/0', code: 'enum', message: 'No such role.', params: {} }];
  const body = { code: 'body-invalid', title: 'Some values are invalid', detail: 'Correct them.', errors };
  const { hand } = await open(Form, { member: ANNA, put: Response.json(body, { status: 422 }) });
  await screen.findByRole('checkbox', { name: 'buyer' });
  await hand.click(save());
  expect(await screen.findByText('No such role.')).toBeTruthy();
  expect(screen.getByRole('checkbox', { name: 'buyer' }).getAttribute('aria-invalid')).toBe('true');
});

it('the removal names the person, and shows why the last admin stays', async () => {
  const body = {
    code: 'last-admin',
    title: 'Last administrator',
    detail: 'Give the role to another person.',
  };
  const Page = () => <RemoveMember member={ANNA} />;
  const { sent, hand } = await open(Page, { member: ANNA, put: Response.json(body, { status: 409 }) });
  await hand.click(await screen.findByRole('button', { name: t.remove.action }));
  const dialog = await screen.findByRole('dialog', { name: t.remove.title('Anna Berg') });
  expect(dialog.textContent).toContain(t.remove.lead('Anna Berg'));
  const waiting = await screen.findByRole('region', { name: t.open.waiting(1) });
  expect(waiting.textContent).toContain(`Order 7 · open, ${t.open.alone}`);
  expect(sent).toEqual([]);
  await hand.click(screen.getByRole('button', { name: t.remove.confirm }));
  expect((await screen.findByRole('alert')).textContent).toContain('Give the role to another person.');
  expect(sent).toEqual(['DELETE']);
});
