import { expect, test } from '@playwright/test';
import { text as search } from '../src/products/dcm/search/text';
import { command, request, until } from './support/api';
import { fresh } from './support/names';
import { Person, said } from './support/person';

const SOON = { timeout: 5_000 };

test('Ctrl-K finds a request by its name and decides on it, and the machine by its address', async ({
  browser,
}) => {
  const name = fresh('find');
  const id = await request(name, 'requester@acme');
  const approver = await Person.signIn(browser, 'approver@acme', { language: 'en' });
  const { page } = approver;
  const words = approver.words(search);
  const option = (text: string) => page.getByRole('option').filter({ hasText: text });

  await page.keyboard.press('ControlOrMeta+k');
  await page.keyboard.type(name.toUpperCase());
  await expect(option(name).first()).toContainText('Lena Hoffmann', SOON);
  await option(`${said.en.approve}: ${name}`).click();
  await expect(page).toHaveURL(new RegExp(`/requests/${id}$`));
  // The page of the row offers to undo the command.
  await expect(page.getByRole('button', { name: approver.t.delayed.undo })).toBeVisible();
  await page.getByRole('button', { name: approver.t.delayed.undo }).click();
  await command('approver@acme', 'approve-request', { request: id });
  await until('requester@acme', 'requests', id, row => row.status === 'fulfilled');
  const vm = await until('requester@acme', 'vms', id, row => row.ip !== null);

  const requester = await Person.signIn(browser, 'requester@acme', { language: 'de', by: 'keyboard' });
  await requester.page.keyboard.press('ControlOrMeta+k');
  await requester.page.keyboard.type(String(vm.ip));
  await expect(requester.page.getByRole('combobox')).toHaveValue(String(vm.ip));
  const found = requester.page.getByRole('option').filter({ hasText: name }).first();
  await expect(found).toContainText(String(vm.ip), SOON);
  await expect(found).toHaveAttribute('aria-selected', 'true');
  await requester.page.keyboard.press('Enter');
  await expect(requester.page).toHaveURL(new RegExp(`/vms/${id}$`));

  // A person's name finds their rows, for readers of all rows.
  await page.keyboard.press('ControlOrMeta+k');
  await page.keyboard.type('hoffm');
  await expect(option(words.vmsOf('Lena Hoffmann'))).toBeVisible(SOON);
  await page.keyboard.press('Escape');
  await requester.leave();
  await approver.leave();
});
