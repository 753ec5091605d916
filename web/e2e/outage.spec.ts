import { expect, test } from '@playwright/test';
import { text as catalogue } from '../src/products/dcm/catalogue/text';
import { Person } from './support/person';

test('with the host down a click stays in the application, and the draft survives', async ({ browser }) => {
  const person = await Person.signIn(browser, 'requester@acme', {
    language: 'en',
    path: '/catalogue/linux-small',
  });
  const { page, t } = person;
  const form = person.words(catalogue).form;
  const why = page.getByLabel(form.why);
  await person.hand.fill(why, 'Front end of the spring campaign');

  // The page's script has not been loaded before.
  await page.route(/assets\/vms-page/, route => route.abort());
  await page.context().setOffline(true);
  await person.hand.press(page.getByRole('link', { name: t.nav.vms }));
  await expect(page.getByRole('heading', { name: t.errors.pageUnreachable })).toBeVisible();
  await page.goBack();
  await expect(why).toHaveValue('Front end of the spring campaign');
  await page.goForward();

  await page.unroute(/assets\/vms-page/);
  await page.context().setOffline(false);
  await expect(page.getByRole('heading', { level: 1, name: t.nav.vms })).toBeVisible();
  await page.goto('/catalogue/linux-small');
  await expect(why).toHaveValue('Front end of the spring campaign');
  await expect(page.getByRole('button', { name: t.unsent.discard })).toBeVisible();
  await person.leave();
});

test('pages open without the host after they were loaded in idle time', async ({ browser }) => {
  const person = await Person.signIn(browser, 'requester@acme', { language: 'de' });
  const { page, t } = person;
  // The last script is requested after all others were received.
  const last = page.waitForResponse(/assets\/vm-page/);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await (await last).finished();
  await page.context().setOffline(true);
  await person.hand.press(page.getByRole('link', { name: t.nav.vms }));
  await expect(page.getByRole('heading', { level: 1, name: t.nav.vms })).toBeVisible();
  await person.leave();
});
