import { expect, test } from '@playwright/test';
import { text as connections } from '../src/shell/features/connections/text';
import { checkPage } from './support/accessible';
import { newest } from './support/api';
import { LOOKS, settle, show } from './support/appearance';
import { type Visit, visits } from './support/pages';
import { Person, said, shell } from './support/person';

/**
 * Every page at four widths and in two themes: no findings of axe, no horizontal scrolling, one
 * heading.
 */
const accounts = [...new Set(visits.map(visit => visit.account))];

for (const account of accounts) {
  test(`every page of ${account} are accessible`, async ({ browser }) => {
    test.setTimeout(600_000);
    const person = await Person.signIn(browser, account, {
      language: account.endsWith('acme') ? 'de' : 'en',
    });
    for (const visit of visits.filter(one => one.account === account)) {
      await person.page.goto(await address(visit));
      await settle(person.page);
      for (const look of LOOKS) {
        await show(person.page, look.theme, look);
        await checkPage(person.page, `${visit.path} of ${account}, ${look.theme}, ${look.width}`);
      }
    }
    await person.leave();
  });
}

test('the pages of those who are not signed in are accessible', async ({ page }) => {
  for (const path of ['/', '/requests', '/auth/callback?code=x&state=y']) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    for (const look of LOOKS) {
      await show(page, look.theme, look);
      await checkPage(page, `${path}, ${look.theme}, ${look.width}`);
    }
  }
});

test('the palette, a dialog and the menu are accessible', async ({ browser }) => {
  const person = await Person.signIn(browser, 'requester@acme', { language: 'en' });
  await person.page.keyboard.press('ControlOrMeta+k');
  await expect(person.page.getByPlaceholder(shell.en.palette.placeholder)).toBeFocused();
  await checkPage(person.page, 'palette');
  await person.page.keyboard.type(shell.en.nav.vms);
  await person.page.keyboard.press('Enter');
  await expect(person.page).toHaveURL(/\/vms$/);
  // Lists: j and k move the focus, Enter opens the row.
  await expect(person.page.locator('[data-row-index="0"]')).toBeVisible();
  await person.page.keyboard.press('j');
  await expect(person.page.locator('[data-row-index="0"] a').first()).toBeFocused();
  await person.page.keyboard.press('Enter');
  await expect(person.page).toHaveURL(/\/vms\/.+/);

  await person.button(said.en.decommission).press('Enter');
  await expect(person.dialog()).toBeVisible();
  await checkPage(person.page, 'dialog');
  await person.page.keyboard.press('Escape');
  await expect(person.dialog()).toBeHidden();
  await person.page.getByRole('button', { name: new RegExp(`^${shell.en.account.menu}`) }).press('Enter');
  await expect(person.page.getByRole('menuitem', { name: shell.en.account.signOut })).toBeVisible();
  await checkPage(person.page, 'account menu');
  await person.leave();
});

test('the findings of a connection’s test are accessible', async ({ browser }) => {
  const admin = await Person.signIn(browser, 'admin@acme', { language: 'en', by: 'keyboard' });
  const t = admin.words(connections);
  await admin.open(admin.t.nav.connections);
  await admin.hand.press(admin.page.getByRole('link', { name: t.changeOf(said.en.vcenter) }));
  await admin.hand.press(admin.button(t.test));
  const privileges = admin.page.getByRole('region', { name: t.findings.privileges });
  const held = privileges.getByRole('listitem').filter({ hasText: t.findings.states.privilege.good });
  await expect(held.filter({ hasText: 'VirtualMachine.Inventory.Delete' })).toBeVisible();
  await expect(privileges.getByRole('listitem')).toHaveCount(await held.count());
  for (const look of LOOKS) {
    await show(admin.page, look.theme, look);
    await checkPage(admin.page, `findings, ${look.theme}, ${look.width}`);
  }
  await admin.leave();
});

test('an outage and an ended session are shown and recovered', async ({ browser }) => {
  const person = await Person.signIn(browser, 'requester@acme', { language: 'en', path: '/requests' });
  const { page, t } = person;
  const banner = page.getByText(t.banner.silent).or(page.getByText(t.banner.interrupted)).first();
  await expect(banner).toBeHidden();
  await page.context().setOffline(true);
  await expect(banner).toBeVisible({ timeout: 60_000 });
  await checkPage(page, 'banner');
  await page.context().setOffline(false);
  await expect(banner).toBeHidden({ timeout: 60_000 });

  const cookie = (await page.context().cookies()).find(one => one.name.endsWith('eaf-session'));
  if (!cookie) throw new Error('there is no session cookie');
  await page.context().addCookies([{ ...cookie, value: 'A'.repeat(43) }]);
  await person.hand.press(page.getByRole('link', { name: t.nav.vms, exact: true }));
  await expect(page.getByRole('alertdialog', { name: t.signIn.ended })).toBeVisible();
  await checkPage(page, 'session ended');
  await page.context().addCookies([cookie]);
  await person.hand.press(page.getByRole('button', { name: t.signIn.goOn }));
  await expect(page.getByRole('heading', { level: 1, name: t.nav.vms })).toBeVisible();
  await person.leave();
});

async function address({ account, path, of }: Visit): Promise<string> {
  return of ? path.replace('$', await newest(account, of)) : path;
}
