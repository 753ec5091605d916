import { expect, test } from '@playwright/test';
import { text as catalogue } from '../src/products/dcm/catalogue/text';
import { text as requests } from '../src/products/dcm/requests/text';
import { checkLooks } from './support/accessible';
import { fresh } from './support/names';
import { Person } from './support/person';

test('a draft is continued on another machine, and ends with its request', async ({ browser }) => {
  const name = fresh('draft');
  const office = await Person.signIn(browser, 'requester@acme', { language: 'de' });
  const t = office.words(catalogue);
  await office.open(office.t.nav.catalogue);
  await office.hand.press(office.page.getByRole('link', { name: /Linux Small/ }));
  await office.hand.fill(office.page.getByLabel(t.form.name), name);
  await office.hand.press(office.button(t.drafts.save));
  await expect(office.page.getByText(t.drafts.saved(name))).toBeVisible();
  await expect(office.page).toHaveURL(/\?draft=/);
  await expect(office.page.getByLabel(t.form.name)).toHaveValue(name);

  const home = await Person.signIn(browser, 'requester@acme', { language: 'en', newSession: true });
  const en = home.words(catalogue);
  await home.open(home.t.nav.catalogue);
  const drafts = home.page.getByRole('region', { name: en.drafts.title });
  await checkLooks(home.page, 'catalogue with a draft');
  await home.hand.press(drafts.getByRole('link', { name }));
  await expect(home.page.getByLabel(en.form.name)).toHaveValue(name);
  await home.hand.fill(home.page.getByLabel(en.form.why), 'Continued at home');
  await home.hand.press(home.button(en.drafts.save));
  await expect(home.page.getByText(en.drafts.saved(name))).toBeVisible();

  // The first machine does not know of the change, and overwrites nothing.
  await office.hand.fill(office.page.getByLabel(t.form.why), 'Written in the office');
  await office.hand.press(office.button(t.drafts.save));
  await expect(office.page.getByRole('alert')).toContainText(t.drafts.overtaken);

  await home.hand.press(home.button(en.form.submit));
  await expect(home.page.getByRole('heading', { level: 1 })).toContainText(name);
  await home.open(home.t.nav.requests);
  await expect(home.page.getByRole('heading', { level: 1, name: home.words(requests).title })).toBeVisible();
  await expect(home.page.getByRole('link', { name }).first()).toBeVisible();
  await expect(home.page.getByRole('region', { name: en.drafts.title })).toBeHidden();
  await office.page.reload();
  await expect(office.page.getByText(t.drafts.gone)).toBeVisible();
  await home.leave();
  await office.leave();
});

test('a draft that is not wanted is deleted', async ({ browser }) => {
  const name = fresh('unwanted');
  const person = await Person.signIn(browser, 'requester@acme', { language: 'en' });
  const t = person.words(catalogue);
  await person.open(person.t.nav.catalogue);
  await person.hand.press(person.page.getByRole('link', { name: /Linux Small/ }));
  await person.hand.fill(person.page.getByLabel(t.form.name), name);
  await person.hand.press(person.button(t.drafts.save));
  await expect(person.page.getByText(t.drafts.saved(name))).toBeVisible();

  // Input after saving belongs to the draft, and not to the next form.
  await person.hand.fill(person.page.getByLabel(t.form.why), 'Typed after saving');
  await person.page.reload();
  await expect(person.page.getByLabel(t.form.why)).toHaveValue('Typed after saving');
  await expect(person.page.getByLabel(t.form.name)).toHaveValue(name);
  await person.open(person.t.nav.catalogue);
  await person.hand.press(
    person.page
      .getByRole('main')
      .getByRole('link', { name: /Linux Small/ })
      .last(),
  );
  await expect(person.page.getByLabel(t.form.why)).toHaveValue('');

  await person.open(person.t.nav.requests);
  await person.hand.press(person.button(t.drafts.deleteOne(name)));
  await person.hand.press(person.page.getByRole('dialog').getByRole('button', { name: t.drafts.delete }));
  await expect(person.page.getByText(t.drafts.deleted(name))).toBeVisible();
  await expect(person.page.getByRole('link', { name })).toBeHidden();
  await person.leave();
});
