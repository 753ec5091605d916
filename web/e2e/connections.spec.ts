import { expect, test } from '@playwright/test';
import { text as choosing } from '../src/shell/app/choose/text';
import { text as connections } from '../src/shell/features/connections/text';
import { text as offerings } from '../src/products/dcm/offerings/text';
import { fresh } from './support/names';
import { Person, said } from './support/person';

/** Connection drafts are tested before they are saved, and folders chosen from those in vCenter. */
test('a wrong folder is found before it is saved, and the right one is chosen', async ({ browser }) => {
  const admin = await Person.signIn(browser, 'admin@acme', { language: 'en', by: 'keyboard' });
  const [t, c] = [admin.words(connections), admin.words(choosing)];
  await admin.open(admin.t.nav.connections);
  await admin.hand.press(admin.page.getByRole('link', { name: t.changeOf(said.en.vcenter) }));
  const folder = admin.page.getByLabel(said.en.folder, { exact: true });
  const right = await folder.inputValue();
  await admin.hand.fill(folder, `${right}-typo`);
  await admin.hand.press(admin.button(t.testAndSave));
  const line = admin.page
    .getByRole('region', { name: t.findings.settings })
    .getByRole('listitem')
    .filter({ hasText: `${right}-typo` });
  await expect(line).toContainText(t.findings.states.setting.bad);
  await expect(admin.page.getByText(t.before.bad)).toBeVisible();
  const saved = admin.page.getByText(t.saved(said.en.vcenter));
  await expect(saved).toHaveCount(0);

  await admin.hand.press(admin.button(c.chooseOf(said.en.folder)));
  await admin.hand.fill(admin.page.getByPlaceholder(c.search), right);
  await expect(admin.page.getByRole('option').first()).toContainText(right.split('/').at(-1) ?? '');
  await admin.page.keyboard.press('Enter');
  await expect(folder).toHaveValue(right);
  await admin.hand.press(admin.button(c.chooseOf(said.en.datastore)));
  await expect(admin.page.getByRole('option').first()).toBeVisible();
  await admin.page.keyboard.press('Enter');
  await admin.hand.press(admin.button(t.testAndSave));
  await expect(saved).toBeVisible();
  await expect(admin.page.getByText(t.good)).toBeVisible();
  await admin.leave();
});

test('a template that vCenter does not have is refused at its field, and one is chosen', async ({
  browser,
}) => {
  const admin = await Person.signIn(browser, 'admin@acme', { language: 'de' });
  const [t, c] = [admin.words(offerings), admin.words(choosing)];
  const name = fresh('auswahl');
  await admin.open(admin.t.nav.offerings);
  await admin.hand.press(admin.page.getByRole('link', { name: t.add }));
  const field = (label: string) => admin.page.getByLabel(label, { exact: true });
  await admin.hand.fill(field(t.name), name);
  await admin.hand.fill(field(t.template), 'Templates/none');
  const numbers = [t.cpuMax, t.memoryMax, t.base, t.perCpu, t.perGb];
  for (const label of numbers) await admin.hand.fill(field(label), '8');
  await admin.hand.press(admin.button(t.save));
  await expect(field(t.template)).toHaveAttribute('aria-invalid', 'true');
  await admin.hand.press(admin.button(c.chooseOf(t.template)));
  await admin.hand.fill(admin.page.getByPlaceholder(c.search), 'debian');
  const option = admin.page.getByRole('option').first();
  await expect(option).toContainText('Templates/debian-12');
  await admin.hand.press(option);
  await expect(field(t.template)).toHaveValue('Templates/debian-12');
  // vCenter's name of the system fills the field as long as it is empty.
  await expect(field(t.image)).not.toHaveValue('');
  await admin.hand.press(admin.button(t.save));
  await expect(admin.page.getByText(t.saved(name))).toBeVisible();
  await admin.leave();
});
