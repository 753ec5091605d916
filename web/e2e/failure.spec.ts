import { type Browser, expect, test } from '@playwright/test';
import { text as connections } from '../src/shell/features/connections/text';
import { text as failedRequests } from '../src/products/dcm/failed-requests/text';
import { text as requests } from '../src/products/dcm/requests/text';
import { request } from './support/api';
import { fresh } from './support/names';
import { Person, said } from './support/person';
import { machines, password } from './support/vcenter';

/** Failures after the approval are shown, repaired by the tenant's admin, and continued. */
test('a wrong password stops a request, and a repair continues it', async ({ browser }) => {
  const name = fresh('mend');
  const admin = await Person.signIn(browser, 'admin@acme', { language: 'en', by: 'keyboard' });
  await setPassword(admin, 'not-the-password');
  await expect(admin.page.getByText(/vCenter refuses the user name or the password/).first()).toBeVisible();

  const id = await request(name, 'requester@acme', 'approver@acme');
  const requester = await watch(browser, id);
  const hero = requester.words(requests).hero;
  await expect(requester.page.getByRole('heading', { name: hero.failed })).toBeVisible({ timeout: 90_000 });
  const main = requester.page.getByRole('main');
  await expect(main).toContainText(/[0-9a-f]{32}/);
  await expect(main).toContainText('Miriam Vogt');
  await expect(requester.button(said.de.retry)).toBeHidden();

  await setPassword(admin, password());
  await admin.open(admin.t.nav.failedRequests);
  const t = admin.words(failedRequests);
  await expect(admin.page.getByRole('heading', { level: 1, name: t.title })).toBeVisible();
  const entry = admin.page
    .getByRole('article', { name })
    .or(admin.page.getByRole('row', { name }))
    .or(admin.page.getByRole('listitem').filter({ hasText: name }));
  await admin.hand.press(entry.first().getByRole('button', { name: said.en.retry }));
  await expect(requester.page.getByRole('heading', { name: hero.ready })).toBeVisible({ timeout: 90_000 });
  expect(machines(name)).toHaveLength(1);
  await requester.leave();
  await admin.leave();
});

async function setPassword(admin: Person, secret: string): Promise<void> {
  const t = admin.words(connections);
  await admin.open(admin.t.nav.connections);
  await admin.hand.press(admin.page.getByRole('link', { name: t.changeOf(said.en.vcenter) }));
  const field = admin.page.getByLabel(t.password, { exact: true });
  // Password managers find no field to fill.
  await expect(admin.button(t.replace(t.password))).toBeVisible();
  await expect(field).toHaveCount(0);
  await admin.hand.press(admin.button(t.replace(t.password)));
  // Write-only: a stored password is never sent to the browser.
  await expect(field).toHaveValue('');
  await admin.hand.fill(field, secret);
  const saved = admin.page.getByText(t.saved(said.en.vcenter));
  // The result of the former test is no longer shown.
  await expect(saved).toHaveCount(0);
  await admin.hand.press(admin.button(t.testAndSave));
  if (secret !== password()) {
    await expect(admin.page.getByText(t.before.bad)).toBeVisible();
    await admin.hand.press(admin.button(t.saveAnyway));
  }
  await expect(saved).toBeVisible();
  // A test result of the draft becomes the state of the saved connection.
  if (secret === password()) await expect(admin.page.getByText(t.good)).toBeVisible();
}

async function watch(browser: Browser, id: string): Promise<Person> {
  return Person.signIn(browser, 'requester@acme', { language: 'de', path: `/requests/${id}` });
}
