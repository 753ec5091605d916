import { readFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { text } from '../src/features/audit/text';
import { request } from './support/api';
import { fresh } from './support/names';
import { Person } from './support/person';

test('an auditor finds who decided what, and takes it away as CSV', async ({ browser }) => {
  const id = await request(fresh('audit'), 'requester@acme');
  const auditor = await Person.signIn(browser, 'auditor@acme', { language: 'en', by: 'keyboard' });
  const t = auditor.words(text);
  await auditor.open(auditor.t.nav.audit);
  await auditor.hand.fill(auditor.page.getByLabel(t.object, { exact: true }), `dcm/request/${id}`);
  const row = auditor.page.getByRole('row').filter({ hasText: id });
  await expect(row.first()).toContainText('Lena Hoffmann');
  await expect(auditor.page).toHaveURL(/object=/);

  const download = auditor.page.waitForEvent('download');
  await auditor.hand.press(auditor.page.getByRole('link', { name: t.csv }));
  const file = await (await download).path();
  const lines = (await readFile(file, 'utf8')).trim().split(/\r?\n/);
  expect(lines[0]).toContain('actor');
  expect(lines.slice(1).every(line => line.includes(id))).toBe(true);
  expect(lines.length).toBeGreaterThan(1);

  // Read-only: nothing to press that would change anything.
  await auditor.page.goto(`/requests/${id}`);
  await expect(auditor.page.getByRole('heading', { level: 1 })).toBeVisible();
  for (const name of ['Approve', 'Reject', 'Withdraw', 'Retry']) {
    await expect(auditor.page.locator(`button:not([aria-disabled=true])`, { hasText: name })).toHaveCount(0);
  }
  await auditor.leave();
});
