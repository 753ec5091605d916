import { type Browser, expect, test } from '@playwright/test';
import { text as catalogue } from '../src/products/dcm/catalogue/text';
import { text as settings } from '../src/shell/features/settings/text';
import { fresh } from './support/names';
import { type Language, Person, said } from './support/person';

/** Admin with the settings open. */
async function open(browser: Browser, language: Language, by: 'mouse' | 'keyboard') {
  const admin = await Person.signIn(browser, 'admin@acme', { language, by });
  const t = admin.words(settings);
  await admin.open(admin.t.nav.settings);
  const field = (label: string) => admin.page.getByLabel(label, { exact: true });
  return {
    admin,
    t,
    term: field(said[language].longestTerm),
    justification: field(said[language].leastJustification),
    last: admin.page.getByRole('list', { name: t.history }).getByRole('listitem').first(),
    fill: (label: 'longestTerm' | 'leastJustification', value: string) =>
      admin.hand.fill(field(said[language][label]), value),
    save: () => admin.hand.press(admin.button(t.save)),
  };
}

/** Journeys after this one need the defaults. */
test.afterEach(async ({ browser }) => {
  const { admin, t, fill, save, last } = await open(browser, 'en', 'mouse');
  await fill('longestTerm', '60');
  await fill('leastJustification', '10');
  await save();
  await expect(admin.page.getByText(t.saved('DCM'))).toBeVisible();
  await expect(last).toBeVisible();
  await admin.leave();
});

test('an admin limits the term, and a request beyond it is refused at its field', async ({ browser }) => {
  const { admin, t, term, last, fill, save } = await open(browser, 'de', 'keyboard');
  await fill('longestTerm', '0');
  await save();
  await expect(term).toHaveAttribute('aria-invalid', 'true');
  await expect(term).toBeFocused();
  await fill('longestTerm', '12');
  await save();
  await expect(last).toContainText(t.change(said.de.longestTerm, '60', '12'));
  await admin.leave();

  const requester = await Person.signIn(browser, 'requester@acme', {
    language: 'de',
    path: '/catalogue/linux-small',
  });
  const c = requester.words(catalogue).form;
  const months = requester.page.getByLabel(c.term, { exact: true });
  await requester.hand.fill(requester.page.getByLabel(c.name, { exact: true }), fresh('term'));
  await requester.hand.fill(requester.page.getByLabel(c.why, { exact: true }), 'Ein zweiter Webserver.');
  await requester.hand.fill(months, '13');
  await requester.hand.press(requester.button(c.submit));
  await expect(months).toHaveAttribute('aria-invalid', 'true');
  await expect(requester.page.getByText('Wählen Sie eine Laufzeit von 1 bis 12 Monaten.')).toBeVisible();
  await requester.leave();
});

test('two admins change settings at once, and no value is overwritten unseen', async ({ browser }) => {
  const one = await open(browser, 'de', 'mouse');
  const other = await open(browser, 'en', 'mouse');
  await other.fill('leastJustification', '20');
  await one.fill('longestTerm', '48');
  await one.save();
  await expect(one.last).toContainText(one.t.change(said.de.longestTerm, '60', '48'));
  // The untouched field follows, and the typed value stays.
  await expect(other.term).toHaveValue('48');
  await expect(other.justification).toHaveValue('20');
  await other.save();
  await expect(other.last).toContainText(other.t.change(said.en.leastJustification, '10', '20'));

  // Both have seen the last change before they type.
  await expect(one.justification).toHaveValue('20');
  await other.fill('longestTerm', '24');
  await one.fill('longestTerm', '36');
  await one.save();
  await expect(one.last).toContainText(one.t.change(said.de.longestTerm, '48', '36'));
  await other.save();
  const mine = other.admin.button(other.admin.t.basis.takeOf(said.en.longestTerm, '24'));
  await expect(mine).toBeVisible();
  await expect(other.term).toHaveValue('24');
  await other.admin.hand.press(mine);
  await other.save();
  await expect(other.last).toContainText(other.t.change(said.en.longestTerm, '36', '24'));
  await one.admin.leave();
  await other.admin.leave();
});
