import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, it, vi } from 'vitest';
import { Problem } from '@/shell/api/problem';
import { Button } from '@/shell/ui/button';
import { ConfirmDialog } from './confirm-dialog';

const REFUSAL = new Problem({
  status: 409,
  code: 'group-in-use',
  title: 'The group is in use',
  detail: 'A rule names it.',
  errors: [],
});

/** Page with a row that is removed once `run` succeeds. */
function Page({ run, stays = true }: { run: () => Promise<void>; stays?: boolean }) {
  const [asking, setAsking] = useState(false);
  const [gone, setGone] = useState(false);
  return (
    <>
      <h1 tabIndex={-1}>Groups</h1>
      {gone ? null : <Button onClick={() => setAsking(true)}>Delete</Button>}
      {asking ? (
        <ConfirmDialog
          title="Delete the group?"
          lead="Its members stay."
          confirmLabel="Delete group"
          run={async () => {
            await run();
            if (!stays) setGone(true);
          }}
          close={() => setAsking(false)}
        >
          <p>Rules mean no one by it.</p>
        </ConfirmDialog>
      ) : null}
    </>
  );
}

const button = (name: string) => screen.getByRole('button', { name });

async function open(run: () => Promise<void>, stays?: boolean) {
  const hand = userEvent.setup();
  render(<Page run={run} {...(stays === undefined ? {} : { stays })} />);
  await hand.click(button('Delete'));
  await screen.findByRole('dialog', { name: 'Delete the group?' });
  return hand;
}

const expectClosed = () => waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());

const expectFocus = (element: HTMLElement) => waitFor(() => expect(document.activeElement).toBe(element));

it.each(['{Escape}', 'Cancel', 'Close'])('does nothing when it is left by %s', async way => {
  const run = vi.fn<() => Promise<void>>();
  const hand = await open(run);
  expect(screen.getByText('Rules mean no one by it.')).toBeTruthy();
  await (way === '{Escape}' ? hand.keyboard(way) : hand.click(button(way)));
  await expectClosed();
  expect(run).not.toHaveBeenCalled();
  await expectFocus(button('Delete'));
});

it('runs once, stays open meanwhile, and then closes', async () => {
  let answer: (() => void) | undefined;
  const run = vi.fn<() => Promise<void>>(() => new Promise(resolve => (answer = resolve)));
  const hand = await open(run);
  await hand.click(button('Delete group'));
  await hand.click(button('Delete group'));
  await hand.click(button('Cancel'));
  await hand.keyboard('{Escape}');
  expect(run).toHaveBeenCalledOnce();
  expect(button('Delete group').getAttribute('aria-busy')).toBe('true');
  answer?.();
  await expectClosed();
  await expectFocus(button('Delete'));
});

it('shows a refusal, which a second attempt removes', async () => {
  const run = vi.fn<() => Promise<void>>().mockRejectedValueOnce(REFUSAL).mockResolvedValueOnce();
  const hand = await open(run);
  await hand.click(button('Delete group'));
  expect((await screen.findByRole('alert')).textContent).toContain('A rule names it.');
  await hand.click(button('Delete group'));
  await expectClosed();
});

it('forgets a refusal when it is opened again', async () => {
  const hand = await open(() => Promise.reject(REFUSAL));
  await hand.click(button('Delete group'));
  await screen.findByRole('alert');
  await hand.click(button('Cancel'));
  await expectClosed();
  await hand.click(button('Delete'));
  await screen.findByRole('dialog');
  expect(screen.queryByRole('alert')).toBeNull();
});

it('gives the focus to the heading when the button that opened it is gone', async () => {
  const hand = await open(() => Promise.resolve(), false);
  await hand.click(button('Delete group'));
  await expectClosed();
  const heading = screen.getByRole('heading', { name: 'Groups' });
  await waitFor(() => expect(document.activeElement).toBe(heading));
});
