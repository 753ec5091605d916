import { expect, test } from '@playwright/test';
import { text as stages } from '../src/products/dcm/stages/text';
import { checkLooks } from './support/accessible';
import { command, moveClock, until } from './support/api';
import { fresh } from './support/names';
import { Person } from './support/person';

/**
 * Deadlines, with the demo's clock moved. These journeys are the last ones: the clock never goes
 * back.
 */

test('a request whose deadline passes is escalated, and expires without a decision', async ({ browser }) => {
  test.setTimeout(300_000);
  const name = fresh('escalate');
  const body = {
    name,
    offering: 'linux-large',
    cpus: 8,
    memory_gb: 32,
    term_months: 12,
    justification: 'Warehouse of the spring campaign',
  };
  const id = (await command('requester@nordwind', 'request-vm', body)).subject?.key ?? '';
  const petra = await Person.signIn(browser, 'admin@nordwind', { language: 'en', path: '/approvals' });
  const card = petra.page.getByRole('article', { name });
  await expect(petra.page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(card).toBeHidden();

  await daysPass(async () => card.isVisible());
  const t = petra.words(stages);
  await expect(card).toContainText(t.alsoAsked);
  await checkLooks(petra.page, 'an escalated request');

  const hannah = await Person.signIn(browser, 'requester@nordwind', {
    language: 'de',
    path: `/requests/${id}`,
  });
  await daysPass(async () => {
    const row = await until('admin@nordwind', 'requests', id, () => true);
    return row.status === 'expired';
  });
  await expect(hannah.page.getByRole('heading', { name })).toBeVisible();
  await expect(hannah.page.getByText(/verfallen/i).first()).toBeVisible();
  await hannah.leave();
  await petra.leave();
});

/** Moves the clock by days until the condition holds; a weekend has no business hours. */
async function daysPass(reached: () => Promise<boolean>): Promise<void> {
  for (let day = 0; day < 7; day += 1) {
    moveClock('+1d');
    const seen = await expect
      .poll(reached, { timeout: 4_000 })
      .toBe(true)
      .then(
        () => true,
        () => false,
      );
    if (seen) return;
  }
  throw new Error('seven days have passed');
}
