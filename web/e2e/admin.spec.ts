import { expect, test } from '@playwright/test';
import { text as mailFailures } from '../src/shell/features/mail-failures/text';
import { text as offerings } from '../src/products/dcm/offerings/text';
import { Person } from './support/person';

test('a tenant admin defines an offering, and people can request it', async ({ browser }) => {
  const key = `db-${Date.now().toString(36)}`;
  const admin = await Person.signIn(browser, 'admin@acme', { language: 'de', by: 'keyboard' });
  const t = admin.words(offerings);
  await admin.open(admin.t.nav.offerings);
  await admin.hand.press(admin.page.getByRole('link', { name: t.add }));
  const field = (label: string) => admin.page.getByLabel(label, { exact: true });
  await admin.hand.fill(field(t.name), `Datenbank ${key}`);
  await admin.hand.fill(field(t.key), key);
  await admin.hand.fill(field(t.image), 'Debian 12');
  await admin.hand.fill(field(t.template), 'Templates/debian-12');
  await admin.hand.fill(field(t.cpuMin), '8');
  await admin.hand.fill(field(t.cpuMax), '4');
  await admin.hand.fill(field(t.memoryMin), '4');
  await admin.hand.fill(field(t.memoryMax), '16');
  await admin.hand.fill(field(t.base), '12,50');
  await admin.hand.fill(field(t.perCpu), '8');
  await admin.hand.fill(field(t.perGb), '3');
  await admin.hand.press(admin.button(t.save));
  // The upper limit is below the lower one: the error is at its field, and the other input stays.
  await expect(field(t.cpuMax)).toHaveAttribute('aria-invalid', 'true');
  await expect(field(t.base)).toHaveValue('12,50');
  await admin.hand.fill(field(t.cpuMin), '2');
  await admin.hand.press(admin.button(t.save));
  await expect(admin.page.getByText(t.saved(`Datenbank ${key}`))).toBeVisible();
  await admin.leave();

  const requester = await Person.signIn(browser, 'requester@acme', { language: 'de' });
  await requester.open(requester.t.nav.catalogue);
  const offered = requester.page.getByRole('listitem').filter({ hasText: `Datenbank ${key}` });
  await expect(offered).toContainText('12,50');
  await requester.leave();
});

test('a tenant admin sees that there is no mail failure', async ({ browser }) => {
  const admin = await Person.signIn(browser, 'admin@acme', { language: 'en', by: 'keyboard' });
  await admin.open(admin.t.nav.mailFailures);
  await expect(admin.page.getByText(admin.words(mailFailures).empty)).toBeVisible();
  await admin.hand.press(admin.page.getByRole('link', { name: admin.words(mailFailures).toConnections }));
  await expect(admin.page.getByRole('heading', { level: 1 })).toBeVisible();
  await admin.leave();
});
