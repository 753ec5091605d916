import { expect, test } from '@playwright/test';
import { text as connections } from '../src/shell/features/connections/text';
import { text as operators } from '../src/shell/features/operator/text';
import { Person } from './support/person';

test('an operator withdraws, disables, grants and enables, and the tenant sees what is missing', async ({
  browser,
}) => {
  const operator = await Person.signIn(browser, 'operator', { language: 'en', by: 'keyboard' });
  const { products: t, plugins } = operator.words(operators);
  const { page, hand } = operator;
  await operator.open(operator.t.nav.tenants);
  await hand.press(page.getByRole('link', { name: 'globex' }));
  await expect(page.getByRole('heading', { level: 1, name: 'globex' })).toBeVisible();

  // Withdrawn after confirmation.
  await hand.press(operator.button(`${t.withdraw}: mail mail`));
  await hand.press(operator.dialog(t.withdrawTitle('mail mail')).getByRole('button', { name: t.withdraw }));
  await expect(operator.button(`${t.grant}: mail mail`)).toBeVisible();
  const admin = await Person.signIn(browser, 'admin@globex', { language: 'de', path: '/admin/connections' });
  const de = admin.words(connections);
  await expect(admin.page.getByText(de.grants.missing('DCM', 'mail mail'))).toBeVisible();
  await admin.page.goto('/');
  await expect(admin.page.getByText(de.grants.missing('DCM', 'mail mail'))).toBeVisible();

  // Disabled: the product's pages are gone. It can be enabled only with all required grants.
  await hand.press(operator.button(`${t.disable}: DCM`));
  const disable = operator.dialog(t.disableTitle('DCM', 'globex'));
  await hand.press(disable.getByRole('button', { name: t.disable }));
  await expect(disable.getByRole('textbox', { name: t.reason })).toHaveAttribute('aria-invalid', 'true');
  await disable.getByRole('textbox', { name: t.reason }).fill('The contract ended.');
  await hand.press(disable.getByRole('button', { name: t.disable }));
  await expect(page.getByText(t.because('The contract ended.'))).toBeVisible();
  await admin.page.reload();
  await expect(admin.page.getByRole('link', { name: admin.t.nav.connections, exact: true })).toBeVisible();
  await admin.page.goto('/vms');
  await expect(admin.page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(admin.page.getByRole('main')).not.toContainText('shop');
  await hand.press(operator.button(`${t.enable}: DCM`));
  const enable = operator.dialog(t.enableTitle('DCM', 'globex'));
  await enable.getByRole('textbox', { name: t.reason }).fill('A new contract.');
  await hand.press(enable.getByRole('button', { name: t.enable }));
  await expect(enable.getByRole('alert')).toContainText('mail/mail');
  await page.keyboard.press('Escape');

  // Granting: an unknown member of the scope is refused at its field.
  await hand.press(operator.button(`${t.grant}: mail mail`));
  const grant = operator.dialog(t.grantTitle('mail', 'mail'));
  const scope = grant.getByRole('textbox', { name: t.scope });
  await scope.fill('{"rooms": []}');
  await grant.getByRole('textbox', { name: t.reason }).fill('A new contract.');
  await hand.press(grant.getByRole('button', { name: t.grant }));
  await expect(scope).toHaveAttribute('aria-invalid', 'true');
  await scope.fill('{}');
  await hand.press(grant.getByRole('button', { name: t.grant }));
  await expect(operator.button(`${t.withdraw}: mail mail`)).toBeVisible();
  await hand.press(operator.button(`${t.enable}: DCM`));
  await enable.getByRole('textbox', { name: t.reason }).fill('A new contract.');
  await hand.press(enable.getByRole('button', { name: t.enable }));
  await expect(page.getByText(t.because('A new contract.'))).toBeVisible();
  await admin.page.goto('/admin/connections');
  await expect(admin.page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(admin.page.getByText(de.grants.title)).toBeHidden();

  // Stopped for all tenants by one act, and resumed.
  await operator.open(operator.t.nav.plugins);
  await hand.press(operator.button(`${plugins.stop}: DCM`));
  const stop = operator.dialog(plugins.stopTitle('DCM'));
  await stop.getByRole('textbox', { name: t.reason }).fill('It misbehaves.');
  await hand.press(stop.getByRole('button', { name: plugins.stop }));
  await expect(page.getByText('It misbehaves.')).toBeVisible();
  await hand.press(operator.button(`${plugins.resume}: DCM`));
  const resume = operator.dialog(plugins.resumeTitle('DCM'));
  await resume.getByRole('textbox', { name: t.reason }).fill('Mended.');
  await hand.press(resume.getByRole('button', { name: plugins.resume }));
  await expect(operator.button(`${plugins.stop}: DCM`)).toBeVisible();
  await admin.leave();
  await operator.leave();
});
