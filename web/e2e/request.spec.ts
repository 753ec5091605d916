import { type Browser, expect, test } from '@playwright/test';
import { text as approvals } from '../src/products/dcm/approvals/text';
import { text as catalogue } from '../src/products/dcm/catalogue/text';
import { text as requests } from '../src/products/dcm/requests/text';
import { text as vms } from '../src/products/dcm/vms/text';
import { linkIn, mailTo } from './support/inbox';
import { fresh } from './support/names';
import { Person, type Way, inWay, said } from './support/person';
import { machines } from './support/vcenter';

/** The main journey: request, approve, provision, mail, decommission. */
const ways: Way[] = [
  { language: 'de', by: 'mouse' },
  { language: 'en', by: 'keyboard', at: 'medium' },
];

for (const way of ways) {
  const { language } = way;
  test(`from the request to the machine and back, ${inWay(way)}`, async ({ browser }) => {
    const name = fresh('shop');
    const requester = await Person.signIn(browser, 'requester@acme', way);
    await ask(requester, name);
    const request = new URL(requester.page.url()).pathname;
    await waitsFor(requester, 'James Carter');

    await approve(browser, way, name);

    const hero = requester.words(requests).hero;
    await expect(requester.page.getByRole('progressbar').first()).toBeVisible({ timeout: 60_000 });
    await expect(requester.page.getByRole('heading', { name: hero.ready })).toBeVisible({ timeout: 90_000 });
    expect(machines(name)).toHaveLength(1);

    const mail = await mailTo('lena.hoffmann@acme.example', name, /\d+\.\d+\.\d+\.\d+/);
    const link = linkIn(mail);
    expect(new URL(link).pathname).toBe(request.replace('/requests/', '/vms/'));
    await requester.leave();

    // Opens the link of the mail in a browser without a session.
    const reader = await Person.signIn(browser, 'requester@acme', {
      ...way,
      path: new URL(link).pathname,
      newSession: true,
    });
    await expect(reader.page.getByText(/^ssh \S+@\d+\.\d+\.\d+\.\d+$/)).toBeVisible();
    await giveBack(reader, name);
    await expect.poll(() => machines(name), { timeout: 60_000 }).toHaveLength(0);
    await expect(reader.button(said[language].decommission)).toBeHidden();
    // Instructions of the hand-over are no longer shown.
    await reader.page.goto(request);
    await expect(reader.page.getByRole('heading', { name: hero.gone })).toBeVisible();
    await expect(reader.page.getByRole('heading', { name: hero.ready })).toBeHidden();
    await reader.leave();
  });
}

const OTHERS = { named: 'James Carter', notNamed: 'Lena Hoffmann' };

async function ask(person: Person, name: string, approvers = OTHERS): Promise<void> {
  const t = person.words(catalogue);
  await person.open(person.t.nav.catalogue);
  await person.hand.press(person.page.getByRole('link', { name: /Linux Small/ }));
  const quote = person.page.getByRole('region', { name: t.quote.title });
  await expect(quote).toContainText(/\d\s?€|€\s?\d/);
  await expect(quote).toContainText(approvers.named);
  await expect(quote).not.toContainText(approvers.notNamed);

  // Mistakes are shown at their fields, and all input stays.
  await person.hand.fill(person.page.getByLabel(t.form.name), '-bad-');
  await person.hand.fill(person.page.getByLabel(t.form.why), 'Front end of the spring campaign');
  await person.hand.press(person.button(t.form.submit));
  await expect(person.page.getByLabel(t.form.name)).toBeFocused();
  await expect(person.page.getByLabel(t.form.name)).toHaveAttribute('aria-invalid', 'true');
  await expect(person.page.getByLabel(t.form.why)).toHaveValue('Front end of the spring campaign');

  await person.hand.fill(person.page.getByLabel(t.form.name), name);
  await person.hand.press(person.button(t.form.submit));
  await expect(person.page.getByRole('heading', { level: 1, name })).toBeVisible();
}

async function waitsFor(person: Person, approver: string): Promise<void> {
  const t = person.words(requests).hero;
  const hero = person.page.getByRole('main');
  await expect(hero).toContainText(t.waitingFor);
  await expect(
    person.page.getByRole('heading', { name: new RegExp(`${approver}.*\\d{1,2}:\\d{2}`) }),
  ).toBeVisible();
}

async function approve(browser: Browser, way: Way, name: string): Promise<void> {
  const approver = await Person.signIn(browser, 'approver@acme', way);
  const t = approver.words(approvals);
  await approver.open(approver.t.nav.approvals);
  const card = approver.page.getByRole('article', { name });
  await expect(card).toContainText('Lena Hoffmann');
  await expect(card).toContainText('Front end of the spring campaign');
  await expect(card).toContainText(t.present);
  await expect(card).toContainText(/€/);
  await approver.hand.press(card.getByRole('button', { name: said[way.language].approve, exact: true }));
  await expect(card.getByRole('button', { name: approver.t.delayed.undo })).toBeFocused();
  await approver.seesApproved(card, t.byPerson('James Carter'));
  await approver.leave();
}

async function giveBack(person: Person, name: string): Promise<void> {
  const t = person.words(vms);
  await expect(person.page.getByRole('heading', { level: 1, name })).toBeVisible();
  await person.hand.press(person.button(said[person.language].decommission));
  const dialog = person.dialog(t.decommission.title(name));
  // The wrong name is refused at its field.
  await person.hand.fill(dialog.getByLabel(t.confirm.type(name)), 'another');
  await person.hand.press(dialog.getByRole('button', { name: said[person.language].decommission }));
  await expect(dialog.getByLabel(t.confirm.type(name))).toHaveAttribute('aria-invalid', 'true');
  await person.hand.fill(dialog.getByLabel(t.confirm.type(name)), name);
  await person.hand.press(dialog.getByRole('button', { name: said[person.language].decommission }));
  await expect(dialog).toBeHidden();
  await expect(person.page.getByText(t.page.decommissioned, { exact: true })).toBeVisible({
    timeout: 60_000,
  });
}

test('a requester cannot decide on their request, and the page explains why', async ({ browser }) => {
  const name = fresh('own');
  const approver = await Person.signIn(browser, 'approver@acme', { language: 'en', by: 'keyboard' });
  await ask(approver, name, { named: 'Miriam Vogt', notNamed: 'James Carter' });
  await approver.open(approver.t.nav.approvals);
  const card = approver.page.getByRole('article', { name });
  await expect(card).toHaveCount(0);
  await approver.hand.press(approver.button(approver.words(approvals).waitingAll));
  await expect(card.getByRole('button', { name: said.en.approve, exact: true })).toHaveAttribute(
    'aria-disabled',
    'true',
  );
  await expect(card).toContainText('You cannot decide on your own request');
  await approver.leave();
});

const rejections: Way[] = [
  { language: 'en', by: 'keyboard' },
  { language: 'de', by: 'touch', at: 'narrow' },
];

for (const way of rejections) {
  test(`a rejection reaches the requester with its reason, ${inWay(way)}`, async ({ browser }) => {
    const name = fresh('no');
    const requester = await Person.signIn(browser, 'requester@acme', way);
    await ask(requester, name);
    const approver = await Person.signIn(browser, 'approver@acme', way);
    await approver.open(approver.t.nav.approvals);
    const words = said[way.language];
    const card = approver.page.getByRole('article', { name });
    const opener = card.getByRole('button', { name: words.reject });
    await approver.hand.press(opener);
    const t = approver.words(requests).reject;
    const dialog = approver.dialog(t.title(name));
    // A missing reason is refused, and the dialog stays open.
    await approver.hand.press(dialog.getByRole('button', { name: words.reject }));
    await expect(dialog.getByLabel(t.reason)).toHaveAttribute('aria-invalid', 'true');
    // Left without a word, the focus is again on the button that opened it.
    await approver.hand.press(dialog.getByRole('button', { name: approver.t.cancel }));
    await expect(dialog).toBeHidden();
    await expect(opener).toBeFocused();
    await approver.hand.press(opener);
    await approver.hand.fill(dialog.getByLabel(t.reason), 'Please use the shared cluster instead.');
    await approver.hand.press(dialog.getByRole('button', { name: words.reject }));
    if (way.by !== 'touch')
      await expect(card).toContainText(approver.words(approvals).byPerson('James Carter'));
    const rejected = requester.words(requests).hero.rejected('James Carter');
    await expect(requester.page.getByRole('heading', { name: rejected })).toBeVisible();
    await expect(requester.page.getByText('Please use the shared cluster instead.').first()).toBeVisible();
    await approver.leave();
    await requester.leave();
  });
}
