import { expect, test } from '@playwright/test';
import { text } from '../src/shell/features/operator/text';
import { Person } from './support/person';

const CUSTOMER_DATA = /Hoffmann|Carter|Vogt|shop-web-01|shop-db-01|Online-Shop|@acme\.example/;

test('an operator sees tenants, packages and health, and nothing of the customers', async ({ browser }) => {
  const operator = await Person.signIn(browser, 'operator', { language: 'en', by: 'keyboard' });
  const t = operator.words(text);
  const main = operator.page.getByRole('main');

  await operator.open(operator.t.nav.tenants);
  await expect(main).toContainText('acme');
  await expect(main).toContainText('globex');

  await operator.open(operator.t.nav.plugins);
  await expect(main).toContainText(t.plugins.nothing);
  await expect(main).toContainText(/eaf:vsphere/);
  await expect(main).toContainText(/[0-9a-f]{12}/);

  await operator.open(operator.t.nav.workflows);
  await expect(main).toContainText('dcm');

  for (const path of ['/', '/operator/tenants', '/operator/plugins', '/operator/workflows']) {
    await operator.page.goto(path);
    await expect(operator.page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(main).not.toContainText(CUSTOMER_DATA);
  }
  // A tenant's pages are forbidden to operators, with an explanation.
  await operator.page.goto('/requests');
  await expect(operator.page.getByRole('heading', { name: operator.t.errors.forbidden })).toBeVisible();
  await operator.leave();
});
