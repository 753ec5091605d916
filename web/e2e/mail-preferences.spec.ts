import { expect, test } from '@playwright/test';
import { text as mailSettings } from '../src/shell/features/mail-settings/text';
import { checkLooks } from './support/accessible';
import { command, request } from './support/api';
import { mailTo, mailsTo } from './support/inbox';
import { fresh } from './support/names';
import { Person } from './support/person';

/** Of two people who may approve, one wants one mail a day. */
const [MIRIAM, JAMES] = ['miriam.vogt@acme.example', 'james.carter@acme.example'];

test('a person chooses one mail a day, and no mail comes at once', async ({ browser }) => {
  test.setTimeout(180_000);
  const names = [fresh('first'), fresh('second')];
  const miriam = await Person.signIn(browser, 'admin@acme', { language: 'de' });
  const t = miriam.words(mailSettings);
  await miriam.hand.press(miriam.page.getByRole('button', { name: new RegExp(miriam.t.account.menu) }));
  await miriam.hand.press(miriam.page.getByRole('menuitem', { name: t.title }));
  await expect(miriam.page.getByRole('heading', { level: 1, name: t.title })).toBeVisible();
  await miriam.page.getByRole('radio', { name: t.daily }).check();
  await miriam.page.getByRole('combobox', { name: t.hour }).selectOption(t.oClock(6));
  await miriam.hand.press(miriam.button(t.save));
  await expect(miriam.page.getByText(/^Nächste Zusammenfassung: .*06:00/)).toBeVisible();
  await checkLooks(miriam.page, 'e-mail settings');

  const requests = await Promise.all(names.map(name => request(name, 'requester@acme')));
  await Promise.all(names.map(name => mailTo(JAMES, name, /Lena Hoffmann/)));
  expect((await mailsTo(MIRIAM)).filter(mail => names.some(name => mail.text.includes(name)))).toEqual([]);

  // The mails that wait come now, as one, to a person who wants mails at once again.
  await miriam.page.getByRole('radio', { name: t.atOnce }).check();
  await miriam.hand.press(miriam.button(t.save));
  const digest = await mailTo(MIRIAM, 'Nachrichten für Sie', new RegExp(names[0] ?? ''));
  for (const part of [...names, 'Bitte um Freigabe', '/approvals/', '/mail-settings'])
    expect(digest.text).toContain(part);
  await Promise.all(requests.map(id => command('requester@acme', 'withdraw-request', { request: id })));
  await miriam.leave();
});
