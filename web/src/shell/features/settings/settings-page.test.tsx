import { QueryClientProvider, useQuery } from '@tanstack/react-query';
import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { SETTINGS } from './settings-testing';
import { SettingsForm } from './settings-form';
import { SettingsHistory } from './settings-history';
import { type ProductSettings, settingsQuery } from './settings';

/** Answers of the host: the present settings, and the answers to changes in their order. */
let host: { settings: ProductSettings; bodies: unknown[]; answers: (Response | Promise<Response>)[] };

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
  const client = createQueryClient();
  render(
    <QueryClientProvider client={client}>
      <Page />
    </QueryClientProvider>,
  );
  /** Another admin has saved, and the page reads the settings again. */
  const otherSaves = (values: Record<string, unknown>) => {
    const { settings } = host;
    host.settings = {
      ...settings,
      values: { ...settings.values, ...values },
      version: settings.version + 1,
      updated_by_name: 'Grace',
    };
    return act(async () => {
      await client.refetchQueries(settingsQuery);
      // The query client renders in a task of its own.
      await new Promise(rendered => setTimeout(rendered));
    });
  };
  const months = await screen.findByLabelText<HTMLInputElement>('The months');
  return { hand: userEvent.setup(), months, otherSaves };
}

const note = () => screen.getByLabelText<HTMLInputElement>('The note');

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

it('keeps what a person types while the change of another admin arrives', async () => {
  const { hand, months, otherSaves } = await page();
  await hand.clear(months);
  await hand.type(months, '2');
  await otherSaves({ months: 36, note: 'Theirs' });
  await hand.type(months, '4', { initialSelectionStart: 1, initialSelectionEnd: 1 });
  expect(months.value).toBe('24');
  expect(note().value).toBe('Theirs');
  expect(screen.getByText(/^The note: Theirs instead of empty/u)).toBeTruthy();
  await hand.type(note(), ', and mine');
  await otherSaves({ note: 'Theirs again' });
  expect(months.value).toBe('24');
  expect(note().value).toBe('Theirs, and mine');
  await hand.click(screen.getByRole('button', { name: 'The months: use 36' }));
  await hand.click(screen.getByRole('button', { name: 'The note: use Theirs, and mine' }));
  host.answers = [Response.json({ version: 4 })];
  await hand.click(save());
  await waitFor(() => expect(host.bodies).toHaveLength(1));
  expect(host.bodies[0]).toEqual({
    version: 3,
    values: { months: 36, note: 'Theirs, and mine', tone: 'warm' },
  });
});

it('follows the other admin after the person took their value', async () => {
  const { hand, months, otherSaves } = await page();
  await hand.clear(months);
  await hand.type(months, '24');
  await otherSaves({ months: 36 });
  await hand.click(screen.getByRole('button', { name: 'The months: use 36' }));
  await otherSaves({ months: 48 });
  expect(months.value).toBe('48');
});

it('keeps what a person types while the settings are saved', async () => {
  const { hand, months } = await page();
  await hand.clear(months);
  await hand.type(months, '24');
  let answer: ((response: Response) => void) | undefined;
  const later = new Promise<Response>(resolve => {
    answer = resolve;
  });
  host.answers = [later];
  await hand.click(save());
  await hand.type(note(), 'Later');
  host.settings = { ...SETTINGS, values: { ...SETTINGS.values, months: 24 }, version: 2 };
  answer?.(Response.json({ version: 2 }));
  await waitFor(() => expect(save().getAttribute('aria-busy')).toBeNull());
  expect(months.value).toBe('24');
  expect(note().value).toBe('Later');
  host.answers = [Response.json({ version: 3 })];
  await hand.click(save());
  await waitFor(() => expect(host.bodies).toHaveLength(2));
  expect(host.bodies[1]).toEqual({ version: 2, values: { months: 24, note: 'Later', tone: 'warm' } });
});
