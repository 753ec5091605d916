import { type Browser, expect, test } from '@playwright/test';
import { text as offerings } from '../src/products/dcm/offerings/text';
import { text as requests } from '../src/products/dcm/requests/text';
import { text as vms } from '../src/products/dcm/vms/text';
import { command, request, until } from './support/api';
import { WIDTHS } from './support/appearance';
import { fresh } from './support/names';
import { Person, said } from './support/person';
import { makeTemplate, machines, powerOff, remove } from './support/vcenter';

/** Recovery of failed requests, and of machines that were changed in vCenter. */
const MISSING = 'Templates/none';
const TEMPLATE = 'Templates/debian-12';

test('a failed request is cancelled by its requester, and its name is free', async ({ browser }) => {
  const name = fresh('cancel');
  const offering = await defined(fresh('wrong'), MISSING);
  const id = await request(name, 'requester@acme', 'approver@acme', offering);
  const person = await at(browser, 'requester@acme', `/requests/${id}`, 'de');
  const t = person.words(requests);
  await expect(person.page.getByRole('heading', { name: t.hero.failed })).toBeVisible({ timeout: 60_000 });
  await fits(person);
  await person.hand.press(person.button(said.de.cancel));
  const dialog = person.dialog(t.cancel.title(name));
  await expect(dialog).toContainText(t.cancel.lead(name));
  await person.hand.fill(dialog.getByLabel(t.cancel.reason), 'Wird nicht mehr gebraucht.');
  await person.hand.press(dialog.getByRole('button', { name: said.de.cancel }));
  await expect(person.page.getByRole('heading', { name: t.hero.cancelled('Lena Hoffmann') })).toBeVisible({
    timeout: 60_000,
  });
  await expect(person.page.getByText('Wird nicht mehr gebraucht.')).toBeVisible();
  await fits(person);
  expect(machines(name)).toHaveLength(0);
  await request(name, 'requester@acme');
  await person.leave();
});

test('a corrected offering reaches the request that failed with the wrong one', async ({ browser }) => {
  const name = fresh('retry');
  const offering = await defined(fresh('wrong'), MISSING);
  const id = await request(name, 'requester@acme', 'approver@acme', offering);
  await until('requester@acme', 'requests', id, row => row.status === 'failed');

  const admin = await at(browser, 'admin@acme', `/admin/offerings/${offering}`, 'en');
  const t = admin.words(offerings);
  await admin.hand.fill(admin.page.getByLabel(t.template, { exact: true }), TEMPLATE);
  await admin.hand.press(admin.button(t.save));
  await expect(admin.page.getByRole('heading', { level: 1, name: t.title })).toBeVisible();
  await admin.page.goto(`/requests/${id}`);
  const { hero, retry } = admin.words(requests);
  await expect(admin.page.getByText(retry.template(TEMPLATE, MISSING))).toBeVisible();
  await fits(admin);
  await admin.hand.press(admin.button(said.en.retry));
  await expect(admin.page.getByRole('heading', { name: hero.readyOther })).toBeVisible({ timeout: 90_000 });
  expect(machines(name)).toHaveLength(1);
  await admin.leave();
});

test('a machine that reports no address is handed over by an admin', async ({ browser }) => {
  const name = fresh('mute');
  const id = await request(name, 'requester@acme', 'approver@acme');
  await until('requester@acme', 'requests', id, row => row.step === 'await-address');
  // The awaited machine was deleted: the request fails at once and not after ten minutes.
  remove(name);
  await until('requester@acme', 'requests', id, row => row.status === 'failed');

  const admin = await at(browser, 'admin@acme', `/requests/${id}`, 'de');
  const t = admin.words(requests);
  await admin.hand.press(admin.button(said.de.complete));
  const dialog = admin.dialog(t.complete.title(name));
  await admin.hand.press(dialog.getByRole('button', { name: said.de.complete }));
  await expect(admin.page.getByRole('heading', { name: t.hero.readyOther })).toBeVisible({ timeout: 90_000 });
  await expect(admin.page.getByText(t.next.notReported)).toBeVisible();
  await fits(admin);
  expect(machines(name)).toHaveLength(1);
  await admin.leave();
});

test('a machine that became a template is marked and not decommissioned', async ({ browser }) => {
  const name = fresh('tpl');
  const id = await request(name, 'requester@acme', 'approver@acme');
  await until('requester@acme', 'requests', id, row => row.status === 'fulfilled');
  powerOff(name);
  makeTemplate(name);

  const person = await at(browser, 'requester@acme', `/vms/${id}`, 'en');
  const t = person.words(vms);
  await person.hand.press(person.button(said.en.refresh));
  await expect(person.page.getByText(t.states.template, { exact: true })).toBeVisible();
  await fits(person);
  await person.hand.press(person.button(said.en.decommission));
  const dialog = person.dialog(t.decommission.title(name));
  await person.hand.fill(dialog.getByLabel(t.confirm.type(name)), name);
  await person.hand.press(dialog.getByRole('button', { name: said.en.decommission }));
  await expect(
    person.page.getByText(/Decommissioning failed at the step .* The VM is a template/),
  ).toBeVisible({
    timeout: 60_000,
  });
  await fits(person);
  expect(machines(name)).toHaveLength(1);
  await expect(request(name, 'requester@acme')).rejects.toThrow(/vm-name-taken/);
  await person.leave();
});

async function at(browser: Browser, account: string, path: string, language: 'de' | 'en'): Promise<Person> {
  return Person.signIn(browser, account, { language, by: 'keyboard', path });
}

/** Defines an offering for one journey, so that those of other journeys stay unchanged. */
async function defined(key: string, template: string): Promise<string> {
  const limits = { cpu_min: 1, cpu_max: 4, memory_gb_min: 1, memory_gb_max: 16 };
  const prices = { base_cents: 1200, cpu_cents: 800, gb_cents: 300 };
  const body = { key, name: key, image: 'Debian 12', template, ...limits, ...prices };
  await command('admin@acme', 'define-offering', body);
  return key;
}

/** Verifies that the page fits the width of a telephone. */
async function fits(person: Person): Promise<void> {
  const { page } = person;
  await page.setViewportSize(WIDTHS.narrow);
  const wider = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await expect.poll(wider).toBeLessThanOrEqual(0);
  if (process.env.PICTURES) await page.screenshot({ path: picture(person, 'narrow'), fullPage: true });
  await page.setViewportSize(WIDTHS.wide);
  if (process.env.PICTURES) await page.screenshot({ path: picture(person, 'wide'), fullPage: true });
}

let pictures = 0;

function picture({ language, account }: Person, width: string): string {
  pictures += 1;
  return `${process.env.PICTURES}/recovery-${pictures}-${account.split('@')[0]}-${language}-${width}.png`;
}
