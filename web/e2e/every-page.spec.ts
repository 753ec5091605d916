import { AxeBuilder } from '@axe-core/playwright';
import { type Page, expect, test } from '@playwright/test';
import { newest } from './support/api';
import { THEMES, WIDTHS, settle, show } from './support/look';
import { type Visit, visits } from './support/pages';
import { Person, shell } from './support/person';

/** Every page, at two widths and in two themes: nothing that axe finds, nothing to scroll sideways, one heading. */
const accounts = [...new Set(visits.map(visit => visit.account))];

for (const account of accounts) {
  test(`every page of ${account} can be used by everybody`, async ({ browser }) => {
    test.setTimeout(600_000);
    const person = await Person.signIn(browser, account, {
      language: account.endsWith('acme') ? 'de' : 'en',
    });
    for (const visit of visits.filter(one => one.account === account)) {
      await person.page.goto(await address(visit));
      await settle(person.page);
      for (const theme of THEMES) {
        for (const [name, size] of Object.entries(WIDTHS)) {
          await show(person.page, theme, size);
          await check(person.page, `${visit.path} of ${account}, ${theme}, ${name}`);
        }
      }
    }
    await person.leave();
  });
}

test('the pages of those who are not signed in can be used by everybody', async ({ page }) => {
  for (const path of ['/', '/requests', '/auth/callback?code=x&state=y']) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    for (const theme of THEMES) {
      for (const [name, size] of Object.entries(WIDTHS)) {
        await show(page, theme, size);
        await check(page, `${path}, ${theme}, ${name}`);
      }
    }
  }
});

test('the palette, a dialog and the menu can be used by everybody', async ({ browser }) => {
  const person = await Person.signIn(browser, 'requester@acme', { language: 'en' });
  await person.page.keyboard.press('ControlOrMeta+k');
  await expect(person.page.getByPlaceholder(shell.en.palette.placeholder)).toBeFocused();
  await check(person.page, 'palette');
  await person.page.keyboard.type(shell.en.nav.vms);
  await person.page.keyboard.press('Enter');
  await expect(person.page).toHaveURL(/\/vms$/);
  // In lists j and k move and Enter opens.
  await settle(person.page);
  await person.page.keyboard.press('j');
  await person.page.keyboard.press('Enter');
  await expect(person.page).toHaveURL(/\/vms\/.+/);
  await person.leave();
});

async function address({ account, path, of }: Visit): Promise<string> {
  return of ? path.replace('$', await newest(account, of)) : path;
}

async function check(page: Page, what: string): Promise<void> {
  const { scroll, client } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    client: document.documentElement.clientWidth,
  }));
  expect.soft(scroll, `${what}: nothing to scroll sideways`).toBeLessThanOrEqual(client);
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(node => node.target.join(' ')).join(' | ')}`,
  );
  expect.soft(found, what).toEqual([]);
}
