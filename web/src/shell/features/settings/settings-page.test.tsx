import { QueryClientProvider, useQuery } from '@tanstack/react-query';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { SETTINGS } from './settings-testing';
import { SettingsForm } from './settings-form';
import { SettingsHistory } from './settings-history';
import { type ProductSettings, settingsQuery } from './settings';

/** Answers of the host: the present settings, and the answers to changes in their order. */
let host: { settings: ProductSettings; bodies: unknown[]; answers: Response[] };

function Page() {
  const { data } = useQuery(settingsQuery);
  return data?.map(settings => (
    <div key={settings.plugin}>
      <SettingsForm settings={settings} />
      <SettingsHistory settings={settings} />
    </div>
  ));
}

const VERSION = {
  version: 1,
  updated_by_name: null,
  updated_at: '2026-11-30T08:00:00Z',
  changes: [
    { name: 'months', label: 'The months', old: '60', new: '12' },
    { name: 'note', label: 'The note', old: 'Old', new: '' },
  ],
};

beforeEach(() => {
  host = { settings: SETTINGS, bodies: [], answers: [] };
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method === 'PUT') {
      host.bodies.push(await request.json());
      return host.answers.shift();
    }
    const isHistory = request.url.endsWith('/history');
    return Response.json(isHistory ? { items: [VERSION], next: null } : { items: [host.settings] });
  });
});
afterEach(() => vi.unstubAllGlobals());

async function page() {
  render(
    <QueryClientProvider client={createQueryClient()}>
      <Page />
    </QueryClientProvider>,
  );
  return { hand: userEvent.setup(), months: await screen.findByLabelText<HTMLInputElement>('The months') };
}

const save = () => screen.getByRole('button', { name: 'Save settings' });

it('shows label, hint and default of each setting, and the history', async () => {
  const { months } = await page();
  expect(months.value).toBe('12');
  expect(screen.getByText('In months. Default: 60.')).toBeTruthy();
  expect(screen.getByLabelText<HTMLInputElement>('The open').checked).toBe(true);
  const tone = screen.getByLabelText<HTMLSelectElement>('The tone');
  expect(tone.selectedOptions[0]?.textContent).toBe('Warm');
  expect(await screen.findByText('The months: 12 instead of 60')).toBeTruthy();
  expect(screen.getByText('The note: empty instead of Old')).toBeTruthy();
  expect(screen.getByText(/^Erased person, /u)).toBeTruthy();
});

it('sends the values on the version that was read, and shows an error at its field', async () => {
  const { hand, months } = await page();
  const errors = [{ pointer: '/values/months', code: 'maximum', message: 'At most 60.' }];
  host.answers = [
    Response.json({ code: 'body-invalid', title: 'Invalid', status: 422, errors }, { status: 422 }),
    Response.json({ version: 2 }),
  ];
  await hand.clear(months);
  await hand.type(months, '61');
  await hand.click(save());
  expect(await screen.findByText('At most 60.')).toBeTruthy();
  expect(months.value).toBe('61');
  await hand.clear(months);
  await hand.type(months, '60');
  await hand.click(save());
  await waitFor(() => expect(host.bodies).toHaveLength(2));
  expect(host.bodies[1]).toEqual({ version: 1, values: { tone: 'warm' } });
});

it('keeps the input after a change by another admin, and offers both values', async () => {
  const { hand, months } = await page();
  await hand.clear(months);
  await hand.type(months, '24');
  host.answers = [
    Response.json(
      { code: 'settings-changed', title: 'Changed', status: 409, params: { version: 2 } },
      { status: 409 },
    ),
    Response.json({ version: 3 }),
  ];
  const values = { ...SETTINGS.values, months: 36, note: 'Theirs' };
  host.settings = { ...SETTINGS, values, version: 2, updated_by_name: 'Grace' };
  await hand.click(save());
  await hand.click(await screen.findByRole('button', { name: 'The months: use 24' }));
  expect(months.value).toBe('24');
  expect(screen.getByLabelText<HTMLInputElement>('The note').value).toBe('Theirs');
  await hand.click(save());
  await waitFor(() => expect(host.bodies).toHaveLength(2));
  expect(host.bodies[1]).toEqual({ version: 2, values: { months: 24, note: 'Theirs', tone: 'warm' } });
});
