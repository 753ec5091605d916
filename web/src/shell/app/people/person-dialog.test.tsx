import { QueryClientProvider } from '@tanstack/react-query';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, it } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import { Problem } from '@/shell/api/problem';
import type { Found, PeopleSource } from './people';
import { PersonInput } from './person-input';
import { text } from './text';

const TWINS: Found[] = [
  { actor: 'a', name: 'Anna Berg' },
  { actor: 'b', name: 'Anna Berg' },
];

function Page({ source }: { source: PeopleSource }) {
  const [name, setName] = useState('');
  return (
    <QueryClientProvider client={createQueryClient()}>
      <PersonInput
        aria-label="Deputy"
        label="Deputy"
        name={name}
        source={source}
        optional
        onChange={person => setName(person?.name ?? '')}
      />
    </QueryClientProvider>
  );
}

async function open(find: PeopleSource['find'], listsAll = false) {
  // No time passes between the keys, so that the dialog searches once, for the whole text.
  const hand = userEvent.setup({ delay: null });
  render(<Page source={{ name: `${Math.random()}`, listsAll, find }} />);
  await hand.click(screen.getByRole('combobox', { name: 'Deputy' }));
  return { hand, input: await screen.findByPlaceholderText(text.en.search) };
}

it('asks for two characters before it searches, and names people of one name', async () => {
  const asked: string[] = [];
  const { hand, input } = await open(async search => {
    asked.push(search);
    return { items: TWINS, more: true };
  });
  expect(await screen.findByText(text.en.least)).toBeTruthy();
  await hand.type(input, 'a b');
  await new Promise(resolve => setTimeout(resolve, 400));
  expect(asked).toEqual([]);
  await hand.type(input, 'erg');
  await waitFor(() => expect(asked).toEqual(['a berg']));
  expect(await screen.findAllByRole('option')).toHaveLength(2);
  const status = screen.getByRole('status').textContent;
  expect(status).toContain(text.en.more);
  expect(status).toContain(text.en.doubles);
});

it('a person is chosen with Enter, shown as the value, and removed again', async () => {
  const { hand } = await open(async () => ({ items: TWINS.slice(0, 1), more: false }), true);
  await screen.findByRole('option', { name: 'Anna Berg' });
  await hand.keyboard('{Enter}');
  const control = await screen.findByRole('combobox', { name: 'Deputy' });
  expect(control.textContent).toBe('Anna Berg');
  await waitFor(() => expect(document.activeElement).toBe(control));
  await hand.click(screen.getByRole('button', { name: text.en.clear('Deputy') }));
  expect(control.textContent).toBe(text.en.choose);
  await waitFor(() => expect(document.activeElement).toBe(control));
});

it('a failed search can be repeated, and nothing found says what to do', async () => {
  const answers = [new Problem({ status: 503, code: 'unavailable', title: 'Try later' }), null];
  const { hand, input } = await open(async () => {
    const refused = answers.shift();
    if (refused) throw refused;
    return { items: [], more: false };
  });
  await hand.type(input, 'anna');
  expect((await screen.findByRole('alert')).textContent).toContain('Try later');
  await hand.click(screen.getByRole('button', { name: 'Try again' }));
  expect(await screen.findByText(text.en.none)).toBeTruthy();
});

it('Enter chooses the first person found, also after another search', async () => {
  const { hand, input } = await open(
    async search => ({ items: search ? [{ actor: 'z', name: 'Zoe' }] : TWINS, more: false }),
    true,
  );
  await screen.findAllByRole('option', { name: 'Anna Berg' });
  await hand.type(input, 'zo');
  await screen.findByRole('option', { name: 'Zoe', selected: true });
  await hand.keyboard('{Enter}');
  expect((await screen.findByRole('combobox', { name: 'Deputy' })).textContent).toBe('Zoe');
});
