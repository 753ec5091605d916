import { QueryClientProvider } from '@tanstack/react-query';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { zoneName } from '@/shell/i18n/format';
import type { MailPreferences } from './mail-settings';
import { MailSettingsPage } from './mail-settings-page';
import { toBody, toValues, zonesOf } from './mail-settings-values';
import { text } from './text';

const t = text.en;

const NOTHING_SET: MailPreferences = {
  delivery: 'at-once',
  hour: 8,
  time_zone: 'UTC',
  off: [],
  tag: null,
  next_digest_at: null,
  kinds: [
    { id: 'shop/settled', product: 'Shop', name: 'Settled' },
    { id: 'shop/ready', product: 'Shop', name: 'Ready' },
  ],
};

afterEach(() => vi.unstubAllGlobals());

/** Renders the page; `sent` has what the host was sent, with the precondition. */
async function open(stored: MailPreferences) {
  const sent: { body: unknown; basis: string | null }[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method === 'GET') return Response.json(stored);
    const basis = request.headers.get('If-Match') ?? request.headers.get('If-None-Match');
    sent.push({ body: await request.json(), basis });
    return new Response(null, { status: 204 });
  });
  render(
    <QueryClientProvider client={createQueryClient()}>
      <MailSettingsPage />
    </QueryClientProvider>,
  );
  await screen.findByRole('radio', { name: t.atOnce });
  return sent;
}

const radio = (name: string) => screen.getByRole<HTMLInputElement>('radio', { name });

it('a person chooses one mail a day, at an hour of the own zone, and turns a kind off', async () => {
  const sent = await open(NOTHING_SET);
  const user = userEvent.setup();
  expect(radio(t.atOnce).checked).toBe(true);
  expect(screen.queryByRole('combobox', { name: t.hour })).toBeNull();
  await user.click(screen.getByRole('radio', { name: t.daily }));
  await user.selectOptions(screen.getByRole('combobox', { name: t.hour }), t.oClock(17));
  await user.click(screen.getByRole('checkbox', { name: 'Settled' }));
  await user.click(screen.getByRole('button', { name: t.save }));
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toEqual({
    body: { delivery: 'daily', hour: 17, time_zone: zoneName(), off: ['shop/settled'] },
    basis: '*',
  });
});

it('what is stored is shown, and a change is one of that state', async () => {
  const sent = await open({
    ...NOTHING_SET,
    delivery: 'daily',
    hour: 6,
    time_zone: 'Asia/Tokyo',
    off: ['shop/ready'],
    tag: '0123456789abcdef',
    next_digest_at: '2026-03-01T21:00:00Z',
  });
  expect(radio(t.daily).checked).toBe(true);
  expect(screen.getByRole<HTMLSelectElement>('combobox', { name: t.zone }).value).toBe('Asia/Tokyo');
  expect(screen.getByRole<HTMLInputElement>('checkbox', { name: 'Ready' }).checked).toBe(false);
  const user = userEvent.setup();
  await user.click(screen.getByRole('radio', { name: t.atOnce }));
  await user.click(screen.getByRole('button', { name: t.save }));
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]).toEqual({
    body: { delivery: 'at-once', hour: 6, time_zone: 'Asia/Tokyo', off: ['shop/ready'] },
    basis: '"0123456789abcdef"',
  });
});

it('the zone is the browser’s until one is stored, and both can be chosen then', () => {
  const stored = { ...NOTHING_SET, tag: '0123456789abcdef', time_zone: 'Asia/Tokyo' };
  expect(toValues(NOTHING_SET, 'Europe/Berlin').time_zone).toBe('Europe/Berlin');
  expect(toValues(stored, 'Europe/Berlin').time_zone).toBe('Asia/Tokyo');
  expect(zonesOf(NOTHING_SET, 'Europe/Berlin')).toEqual(['Europe/Berlin']);
  expect(zonesOf(stored, 'Europe/Berlin')).toEqual(['Asia/Tokyo', 'Europe/Berlin']);
  expect(toBody(toValues(stored, 'Europe/Berlin'), stored.kinds).off).toEqual([]);
});
