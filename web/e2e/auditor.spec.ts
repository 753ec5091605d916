import { readFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { proofText } from '../src/shell/features/audit/proof-text';
import { rowText } from '../src/shell/features/audit/row-text';
import { text } from '../src/shell/features/audit/text';
import { request } from './support/api';
import { fresh } from './support/names';
import { Person } from './support/person';

const proof = proofText.en;

test('an auditor answers what happened to a VM by its name, proves the log, and takes it away as CSV', async ({
  browser,
}) => {
  const name = fresh('shop');
  const id = await request(name, 'requester@acme');
  const auditor = await Person.signIn(browser, 'auditor@acme', { language: 'en', by: 'keyboard' });
  const t = auditor.words(text);
  const { page, hand } = auditor;
  await auditor.open(auditor.t.nav.audit);
  await hand.fill(page.getByLabel(t.thing, { exact: true }), name.slice(1).toUpperCase());
  const requested = page.getByRole('link', { name: `Lena Hoffmann requested ${name}` });
  await expect(requested).toBeVisible();
  await expect(page).toHaveURL(/thing=/);
  await expect(page.getByText(t.about(name, 0), { exact: true })).toBeVisible();
  await expect(page.getByText(t.zone('Europe/Berlin'))).toBeVisible();

  const download = page.waitForEvent('download');
  await hand.press(page.getByRole('link', { name: t.csv }));
  const file = await readFile(await (await download).path(), 'utf8');
  expect(file.startsWith('\uFEFFTime,Time zone,What happened,')).toBe(true);
  expect(file).toContain(`Lena Hoffmann requested ${name}`);
  expect(file).toContain('Europe/Berlin (UTC+0');

  await hand.press(page.getByRole('button', { name: proof.prove }));
  const dialog = page.getByRole('dialog', { name: proof.title });
  await expect(dialog.getByText(proof.sound, { exact: true })).toBeVisible();
  await hand.press(dialog.getByRole('button', { name: proof.close }));

  await hand.press(requested);
  await expect(page.getByRole('heading', { level: 1, name: rowText.en.title })).toBeVisible();
  await expect(page.getByRole('region', { name: rowText.en.trace })).toContainText(name);

  // Read-only: the page has no button that changes data.
  await page.goto(`/requests/${id}`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  for (const name of ['Approve', 'Reject', 'Withdraw', 'Retry']) {
    await expect(page.locator(`button:not([aria-disabled=true])`, { hasText: name })).toHaveCount(0);
  }
  await auditor.leave();
});
