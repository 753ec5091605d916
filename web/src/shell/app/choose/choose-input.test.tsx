import { QueryClientProvider } from '@tanstack/react-query';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { language } from '@/shell/i18n/language';
import type { Choices, LoadChoices } from './choices';
import { ChooseInput } from './choose-input';
import { text } from './text';

const EMPTY: Choices = { items: [], more: false, unreadable: 0, unknown: null, failure: null };
const ROOMS: Choices = {
  ...EMPTY,
  items: [
    { value: 'Templates/a%2fb/debian-12', name: 'debian-12', facts: {}, description: '2 CPUs' },
    { value: 'Templates/debian-12', name: 'debian-12', facts: {}, description: '' },
    { value: 'Templates/rhel-9', name: 'rhel-9', facts: {}, description: '' },
  ],
};

function Page({ load }: { load: LoadChoices }) {
  const [value, setValue] = useState('');
  return (
    <ChooseInput
      aria-label="Template"
      value={value}
      onChange={event => setValue(event.target.value)}
      choosable={{
        label: 'Template',
        where: 'vCenter',
        load,
        onChoose: choice => setValue(choice.value),
      }}
    />
  );
}

async function opened(load: LoadChoices) {
  language.choose('en');
  render(
    <QueryClientProvider client={createQueryClient()}>
      <Page load={load} />
    </QueryClientProvider>,
  );
  const hand = userEvent.setup();
  await hand.click(screen.getByRole('button', { name: 'Choose: Template' }));
  await screen.findByRole('dialog');
  return hand;
}

const shown = () => screen.queryAllByRole('option').map(option => option.textContent);

describe('a value that can be chosen', () => {
  it('is found by words, distinguished by its path, and written into the field', async () => {
    const load = vi.fn<LoadChoices>(() => Promise.resolve(ROOMS));
    const hand = await opened(load);
    await waitFor(() => expect(shown()).toHaveLength(3));
    await hand.type(screen.getByPlaceholderText(text.en.search), 'debian a/b');
    await waitFor(() => expect(shown()).toEqual(['debian-12Templates/a%2fb/debian-122 CPUs']));
    // The first response was complete, so no second request is sent.
    expect(load).toHaveBeenCalledTimes(1);
    await hand.keyboard('{Enter}');
    expect(screen.getByLabelText<HTMLInputElement>('Template').value).toBe('Templates/a%2fb/debian-12');
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('is searched by the host if the list was truncated', async () => {
    const found = { ...EMPTY, items: ROOMS.items.slice(2) };
    const load = vi.fn<LoadChoices>(search => Promise.resolve(search ? found : { ...ROOMS, more: true }));
    const hand = await opened(load);
    await screen.findByText(text.en.more);
    await hand.type(screen.getByPlaceholderText(text.en.search), 'rhel');
    await waitFor(() => expect(load.mock.calls.map(([search]) => search)).toEqual(['', 'rhel']));
    await waitFor(() => expect(shown()).toEqual(['rhel-9Templates/rhel-9']));
  });

  it('can be typed when the list cannot be read, with the reason', async () => {
    const failure = {
      class: 'transient',
      code: 'away',
      text: 'vCenter is away.',
      message: 'Connection refused.',
    };
    await opened(() => Promise.resolve({ ...EMPTY, failure }));
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('vCenter is away.');
    expect(alert.textContent).toContain(text.en.type);
  });

  it('shows the number that the account may not read', async () => {
    await opened(() => Promise.resolve({ ...ROOMS, unreadable: 2 }));
    expect(await screen.findByText(text.en.unreadable(2))).toBeTruthy();
  });
});
