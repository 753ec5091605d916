import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, it } from 'vitest';
import { Button } from './button';
import { Dialog, DialogContent } from './dialog';

type Open = 'first' | 'second' | null;

/** Page with a dialog whose button does `act`; a second dialog opens from it or in its place. */
function Page({ act, inside }: { act: () => Open; inside?: boolean }) {
  const [open, setOpen] = useState<Open>(null);
  const second = (
    <Dialog open={open === 'second'} onOpenChange={() => setOpen(inside ? 'first' : null)}>
      <DialogContent title="Second" closeLabel="Close second">
        <input aria-label="Search" />
      </DialogContent>
    </Dialog>
  );
  return (
    <>
      <h1 tabIndex={-1}>Page</h1>
      <Button onClick={() => setOpen('first')}>Open</Button>
      <Dialog
        open={open === 'first' || (open === 'second' && inside === true)}
        onOpenChange={() => setOpen(null)}
      >
        <DialogContent title="First" closeLabel="Close first">
          <input aria-label="Name" />
          <Button onClick={() => setOpen(act())}>Act</Button>
          {inside ? second : null}
        </DialogContent>
      </Dialog>
      {inside ? null : second}
    </>
  );
}

const named = (name: string) => screen.getByRole('button', { name });

async function act(page: React.ReactNode) {
  const hand = userEvent.setup();
  render(page);
  await hand.click(named('Open'));
  await hand.click(await screen.findByRole('button', { name: 'Act' }));
  return hand;
}

/** Time in which a closed dialog would have moved the focus. */
const later = () => new Promise(resolve => setTimeout(resolve, 50));

it('a dialog that opens from another one gives the focus back to its button there', async () => {
  const hand = await act(<Page inside act={() => 'second'} />);
  await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText('Search')));
  await hand.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByLabelText('Search')).toBeNull());
  await waitFor(() => expect(document.activeElement).toBe(named('Act')));
  await hand.keyboard('{Escape}');
  await waitFor(() => expect(document.activeElement).toBe(named('Open')));
});

it('a dialog takes no focus from the one that replaces it', async () => {
  await act(<Page act={() => 'second'} />);
  await screen.findByLabelText('Search');
  await later();
  expect(document.activeElement?.closest('[role=dialog]')).toBe(
    screen.getByRole('dialog', { name: 'Second' }),
  );
});

it('a dialog takes no focus from the heading of a page that it led to', async () => {
  await act(
    <Page
      act={() => {
        setTimeout(() => document.querySelector('h1')?.focus());
        return null;
      }}
    />,
  );
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  await later();
  expect(document.activeElement).toBe(screen.getByRole('heading', { name: 'Page' }));
});
