import { QueryClientProvider } from '@tanstack/react-query';
import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import type { Invitation } from './invitations';
import { InvitationsPanel } from './invitations-panel';
import { InviteDialog } from './invite-member';
import { text } from './text';

const ADDRESS = 'anna.berg@shop.example';
const INVITATION: Invitation = {
  id: '0198f0aa-1111-4222-8333-444455556666',
  email: ADDRESS,
  locale: 'de',
  roles: ['buyer'],
  groups: ['lab'],
  invited_by: { actor: '0198f0aa-1111-7222-8333-000000000000', name: 'Max Tal' },
  created_at: '2026-11-30T10:00:00Z',
  expires_at: '2026-12-07T10:00:00Z',
  expired: false,
  link: 'https://eaf.example/auth/sign-in?invitation=0198f0aa-1111-4222-8333-444455556666',
  mail: { sent_at: '2026-11-30T10:00:05Z', error: null, error_text: null },
};
const ROLES = {
  items: [{ role: 'buyer', host: false, products: [{ id: 'shop', name: 'Shop' }] }],
  next: null,
};
const GROUPS = { items: [{ key: 'lab', name: 'Laboratory', size: 1 }], next: null };

const t = text.en;

afterEach(() => vi.unstubAllGlobals());

/** Renders the part; `sent` has the changes that the host was sent, as method, path and body. */
function open(part: React.ReactNode, invitations: Invitation[], refusal?: object) {
  const sent: unknown[][] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    const path = new URL(request.url).pathname.replace('/api/host/', '');
    if (request.method === 'GET')
      return Response.json(path === 'roles' ? ROLES : path === 'groups' ? GROUPS : { items: invitations });
    sent.push([request.method, path, path === 'invitations' ? await request.json() : null]);
    if (refusal)
      return Response.json(refusal, { status: 409, headers: { 'content-type': 'application/problem+json' } });
    return request.method === 'DELETE'
      ? new Response(null, { status: 204 })
      : Response.json({}, { status: 201 });
  });
  render(<QueryClientProvider client={createQueryClient()}>{part}</QueryClientProvider>);
  return { sent, hand: userEvent.setup() };
}

it('invites an address with roles, groups and a language', async () => {
  const close = vi.fn<() => void>();
  const { sent, hand } = open(<InviteDialog close={close} />, []);
  await hand.type(screen.getByRole('textbox', { name: t.email }), ` ${ADDRESS} `);
  await hand.selectOptions(screen.getByRole('combobox', { name: t.invite.language }), 'de');
  await hand.click(await screen.findByRole('checkbox', { name: 'buyer' }));
  await hand.click(await screen.findByRole('checkbox', { name: 'Laboratory' }));
  await hand.click(screen.getByRole('button', { name: t.invite.submit }));
  await waitFor(() => expect(close).toHaveBeenCalledOnce());
  expect(sent).toEqual([
    ['POST', 'invitations', { email: ADDRESS, locale: 'de', roles: ['buyer'], groups: ['lab'] }],
  ]);
});

it('without an address and a role nothing is sent, and both fields say so', async () => {
  const { sent, hand } = open(<InviteDialog close={vi.fn<() => void>()} />, []);
  await hand.click(screen.getByRole('button', { name: t.invite.submit }));
  expect(await screen.findByText(t.invite.emailMissing)).toBeTruthy();
  expect(screen.getByText(t.invite.noRole)).toBeTruthy();
  expect(sent).toEqual([]);
});

it('shows who is invited until when, and whether the mail was sent', async () => {
  const failed = {
    ...INVITATION,
    id: '0198f0aa-1111-4222-8333-444455556667',
    email: 'ben@shop.example',
    invited_by: null,
    mail: { sent_at: null, error: 'connection-missing', error_text: 'There is no connection yet.' },
  };
  const expired = { ...INVITATION, id: 'c', email: 'old@shop.example', expired: true };
  open(<InvitationsPanel />, [INVITATION, failed, expired]);
  const rows = await screen.findAllByRole('listitem');
  const [sent, notSent, over] = rows.map(row => row.textContent);
  expect(sent).toContain(`${ADDRESS}${t.invitations.sent}`);
  expect(sent).toContain(t.invitations.by('Max Tal'));
  expect(notSent).toContain(t.invitations.notSent);
  expect(notSent).toContain('There is no connection yet.');
  expect(over).toContain(t.invitations.expired);
});

it('withdraws an invitation after a confirmation that names the address', async () => {
  const { sent, hand } = open(<InvitationsPanel />, [INVITATION]);
  await hand.click(await screen.findByRole('button', { name: t.invitations.withdraw.of(ADDRESS) }));
  const dialog = screen.getByRole('dialog', { name: t.invitations.withdraw.title(ADDRESS) });
  expect(sent).toEqual([]);
  await hand.click(within(dialog).getByRole('button', { name: t.invitations.withdraw.confirm }));
  await waitFor(() => expect(sent).toEqual([['DELETE', `invitations/${INVITATION.id}`, null]]));
});

it('sends the mail again', async () => {
  const { sent, hand } = open(<InvitationsPanel />, [INVITATION]);
  await hand.click(await screen.findByRole('button', { name: t.invitations.sendTo(ADDRESS) }));
  await waitFor(() => expect(sent).toEqual([['POST', `invitations/${INVITATION.id}/mail`, null]]));
});

it('a refusal keeps the dialog with its input', async () => {
  const close = vi.fn<() => void>();
  const refusal = {
    status: 409,
    code: 'already-invited',
    title: 'Already invited',
    detail: 'Send the mail again.',
  };
  const { hand } = open(<InviteDialog close={close} />, [], refusal);
  await hand.type(screen.getByRole('textbox', { name: t.email }), ADDRESS);
  await hand.click(await screen.findByRole('checkbox', { name: 'buyer' }));
  await hand.click(screen.getByRole('button', { name: t.invite.submit }));
  expect(await screen.findByText('Send the mail again.')).toBeTruthy();
  expect(screen.getByRole('textbox', { name: t.email })).toHaveProperty('value', ADDRESS);
  expect(close).not.toHaveBeenCalled();
});
