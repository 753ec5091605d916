import { type Locator, expect, test } from '@playwright/test';
import { text as approvals } from '../src/products/dcm/approvals/text';
import { text as several } from '../src/products/dcm/decide-several/text';
import { text as requests } from '../src/products/dcm/requests/text';
import { checkLooks } from './support/accessible';
import { command, request, until } from './support/api';
import { fresh } from './support/names';
import { Person, said } from './support/person';

const LIVE = { timeout: 5_000 };

test('a second click decides nothing, nothing moves under the pointer, and a decision can be undone', async ({
  browser,
}) => {
  const [first, second] = [fresh('one'), fresh('two')];
  const id = await request(first, 'requester@acme');
  const next = await request(second, 'requester@acme');
  const approver = await Person.signIn(browser, 'approver@acme', { language: 'en', path: '/approvals' });
  const { page, t } = approver;
  const words = approver.words(approvals);
  const card = page.getByRole('article', { name: first });
  const below = page.getByRole('article', { name: second });
  const button = card.getByRole('button', { name: said.en.approve, exact: true });
  await button.scrollIntoViewIfNeeded();
  const { x, y } = await middle(button);
  const before = await below.boundingBox();

  await page.mouse.click(x, y);
  await page.waitForTimeout(350);
  await page.mouse.click(x, y);
  const undo = card.getByRole('button', { name: t.delayed.undo });
  await expect(undo).toBeVisible();
  await page.waitForTimeout(650);
  await undo.click();
  await expect(button).toBeVisible();
  await page.waitForTimeout(8_500);
  expect(await status(id)).toBe('pending');

  await page.mouse.click(x, y);
  await expect(card).toContainText(words.byPerson('James Carter'), { timeout: 15_000 });
  expect(await status(next)).toBe('pending');
  expect(await below.boundingBox()).toEqual(before);

  // Other people decide and request while the pointer rests on the list.
  await command('admin@acme', 'reject-request', { request: next, reason: 'Not this month.' });
  await expect(below).toContainText(words.byPerson('Miriam Vogt'), LIVE);
  expect(await below.boundingBox()).toEqual(before);
  await page.mouse.move(5, 5);
  await expect(card).toBeHidden(LIVE);
  await expect(below).toBeHidden();
  await approver.leave();
});

test('closing the tab does not lose a decision', async ({ browser }) => {
  const name = fresh('close');
  const id = await request(name, 'requester@acme');
  const approver = await Person.signIn(browser, 'approver@acme', { language: 'de', path: '/approvals' });
  const card = approver.page.getByRole('article', { name });
  await card.getByRole('button', { name: said.de.approve, exact: true }).click();
  await expect(card.getByRole('button', { name: approver.t.delayed.undo })).toBeVisible();
  await approver.page.close({ runBeforeUnload: true });
  await expect.poll(() => status(id), { timeout: 5_000 }).not.toBe('pending');
  await approver.leave();
});

test('a dialog about a decided request reports that, and asks before it discards input', async ({
  browser,
}) => {
  const name = fresh('race');
  const id = await request(name, 'requester@acme');
  const approver = await Person.signIn(browser, 'approver@acme', { language: 'en', path: '/approvals' });
  const t = approver.words(requests);
  const card = approver.page.getByRole('article', { name });
  await card.getByRole('button', { name: said.en.reject }).click();
  const dialog = approver.dialog(t.reject.title(name));
  await dialog.getByLabel(t.reject.reason).fill('Please use the shared cluster instead.');
  await approver.page.keyboard.press('Escape');
  await dialog.getByRole('button', { name: approver.t.unsent.keep }).click();
  await expect(dialog.getByLabel(t.reject.reason)).toHaveValue('Please use the shared cluster instead.');

  await command('admin@acme', 'approve-request', { request: id });
  await expect(dialog.getByRole('alert')).toContainText('Miriam Vogt', LIVE);
  await expect(dialog.getByRole('button', { name: said.en.reject })).toHaveCount(0);
  await approver.leave();
});

test('several requests are decided together by keys, and those that failed can be repeated', async ({
  browser,
}) => {
  const names = ['sum', 'sure', 'slow', 'stay'].map(fresh);
  const ids = await Promise.all(names.map(name => request(name, 'requester@acme')));
  const [sum = '', sure = '', slow = '', stay = ''] = names;
  const approver = await Person.signIn(browser, 'approver@acme', { language: 'de', path: '/approvals' });
  const { page } = approver;
  const t = approver.words(several);
  for (const name of [sum, sure, slow]) {
    await page.getByRole('article', { name }).getByRole('link', { name }).focus();
    await page.keyboard.press('x');
    await expect(page.getByRole('checkbox', { name: t.select(name) })).toBeChecked();
  }
  await checkLooks(page, 'inbox with a selection');
  await page.keyboard.press('d');
  const dialog = approver.dialog(t.title);
  const line = (name: string) => dialog.getByRole('listitem').filter({ hasText: name });
  await expect(dialog.getByRole('listitem')).toHaveCount(3);

  // One request is decided by another person meanwhile, and one command does not arrive.
  await command('admin@acme', 'reject-request', { request: ids[1], reason: 'Not this month.' });
  await page.route('**/commands/approve-request', route =>
    route.request().postData()?.includes(String(ids[2])) ? route.abort() : route.continue(),
  );
  await dialog.getByRole('button', { name: t.approve('3') }).click();
  await expect(dialog).toContainText(t.done('1', '3'));
  await expect(line(sum)).toContainText(t.approved);
  await expect(line(sure).getByRole('checkbox')).toBeDisabled();
  await expect(line(slow)).toContainText(t.unknown);
  await checkLooks(page, 'results of several decisions');
  await page.unroute('**/commands/approve-request');
  await dialog.getByRole('button', { name: t.approve('1') }).click();
  await expect(line(slow)).toContainText(t.approved);
  expect(await Promise.all(ids.map(status))).toEqual([
    expect.not.stringMatching('pending|rejected'),
    'rejected',
    expect.not.stringMatching('pending|rejected'),
    'pending',
  ]);
  await page.keyboard.press('Escape');
  // A card under the focus stays until the focus leaves it.
  await page.getByRole('heading', { level: 1 }).click();
  await expect(page.getByRole('article', { name: slow })).toBeHidden();
  await expect(page.getByRole('article', { name: stay })).toBeVisible();
  await command('admin@acme', 'reject-request', { request: ids[3], reason: 'End of the journey.' });
  await approver.leave();
});

async function status(id: string): Promise<unknown> {
  return (await until('requester@acme', 'requests', id, () => true)).status;
}

async function middle(what: Locator): Promise<{ x: number; y: number }> {
  const box = await what.boundingBox();
  if (!box) throw new Error(`${what} is not on the page`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
