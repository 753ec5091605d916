import { expect, test } from '@playwright/test';
import { roles } from '../src/products/dcm/role-text';
import { text as picking } from '../src/shell/app/people/text';
import { text as deputies } from '../src/shell/features/deputy/text';
import { text as groups } from '../src/shell/features/groups/text';
import { text as members } from '../src/shell/features/members/text';
import { text as operators } from '../src/shell/features/operator/text';
import { checkLooks } from './support/accessible';
import { addMember, memberId } from './support/api';
import { settleRows } from './support/appearance';
import { fresh } from './support/names';
import { Person, type Way, inWay } from './support/person';

/** The directory of a tenant: members, groups and deputies, and new tenants. */

const LENA = 'Lena Hoffmann';
const JAMES = 'James Carter';
const KATHARINA = 'Katharina Böhm';

const ways: Way[] = [
  { language: 'de', by: 'mouse' },
  { language: 'en', by: 'touch', at: 'narrow' },
];

for (const way of ways) {
  test(`an admin makes a group with members and sets a manager, ${inWay(way)}`, async ({ browser }) => {
    const admin = await Person.signIn(browser, 'admin@acme', way);
    const { page, hand } = admin;
    const [g, m, p] = [admin.words(groups), admin.words(members), admin.words(picking)];
    const name = `Größe & Einkauf ${fresh('g')}`;
    await admin.open(admin.t.nav.groups);

    // The name suggests the key, and all errors are shown at once with the input kept.
    await hand.press(admin.button(g.make.action));
    const make = admin.dialog(g.make.title);
    await hand.press(make.getByRole('button', { name: g.make.submit }));
    const field = (label: string) => make.getByRole('textbox', { name: label });
    await expect(field(g.name)).toHaveAttribute('aria-invalid', 'true');
    await expect(field(g.key)).toHaveAttribute('aria-invalid', 'true');
    await hand.fill(field(g.name), name);
    await expect(field(g.key)).toHaveValue(/^groesse-einkauf-g-[a-z0-9]+$/u);
    const key = await field(g.key).inputValue();
    await hand.fill(field(g.key), 'Kein Schlüssel');
    await hand.press(make.getByRole('button', { name: g.make.submit }));
    await expect(field(g.key)).toHaveAttribute('aria-invalid', 'true');
    await expect(field(g.name)).toHaveValue(name);
    await checkLooks(page, 'new group');
    await hand.fill(field(g.key), key);
    await hand.press(make.getByRole('button', { name: g.make.submit }));
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();

    for (const person of [LENA, JAMES]) {
      await hand.press(admin.button(g.add.action));
      await hand.fill(page.getByPlaceholder(p.search), person.toLowerCase());
      await expect(page.getByRole('option')).toHaveCount(1);
      if (person === LENA) await checkLooks(page, 'picker');
      await page.keyboard.press('Enter');
      await expect(page.getByText(g.add.done(person, name))).toBeVisible();
    }
    await settleRows(page);
    await hand.press(admin.button(g.drop.of(JAMES)));
    await expect(page.getByText(g.drop.done(JAMES, name))).toBeVisible();
    await checkLooks(page, 'group');

    // The member's page: manager and cost centre.
    await hand.press(page.getByRole('link', { name: LENA }));
    await expect(page.getByRole('heading', { level: 1, name: LENA })).toBeVisible();
    await expect(page.getByRole('link', { name })).toBeVisible();
    await hand.press(page.getByRole('combobox', { name: m.manager }));
    await hand.fill(page.getByPlaceholder(p.search), 'vogt');
    await expect(page.getByRole('option')).toHaveText([/miriam\.vogt@acme\.example/u]);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('combobox', { name: m.manager })).toHaveText('Miriam Vogt');
    await hand.fill(page.getByRole('textbox', { name: m.costCentre }), '4711');
    await checkLooks(page, 'member');
    await hand.press(admin.button(m.save));
    await expect(page.getByText(m.saved(LENA))).toBeVisible();

    // Without a role the form says what to do instead, and the input stays.
    const role = page.getByRole('checkbox', { name: roles[way.language].requester });
    await hand.press(role);
    await expect(role).not.toBeChecked();
    await hand.press(admin.button(m.save));
    await expect(page.getByText(m.noRole)).toBeVisible();
    await hand.press(role);
    await expect(role).toBeChecked();

    await admin.open(admin.t.nav.members);
    await hand.fill(page.getByRole('searchbox', { name: admin.t.list.search }), 'hoffmann');
    const row = page
      .getByRole('main')
      .getByRole(way.at === 'narrow' ? 'listitem' : 'row')
      .filter({ hasText: LENA });
    await expect(row).toContainText('Miriam Vogt');
    await expect(row).toContainText('4711');
    await expect(page.getByRole('link', { name: JAMES })).toHaveCount(0);
    await checkLooks(page, 'members');
    await settleRows(page);

    // Restored: no manager, and the group is deleted after a confirmation.
    await hand.press(page.getByRole('link', { name: LENA }));
    await hand.press(admin.button(p.clear(m.manager)));
    // The toast of the change before is gone.
    await expect(page.getByText(m.saved(LENA))).toHaveCount(0);
    await hand.press(admin.button(m.save));
    await expect(page.getByText(m.saved(LENA))).toBeVisible();
    await hand.press(page.getByRole('link', { name }));
    await hand.press(admin.button(g.remove.action));
    const remove = admin.dialog(g.remove.title(name));
    await expect(remove).toContainText(g.remove.lead(g.remove.one));
    await hand.press(remove.getByRole('button', { name: g.remove.confirm }));
    await expect(page.getByRole('heading', { level: 1, name: g.title })).toBeVisible();
    await expect(page.getByRole('main')).not.toContainText(name);
    await admin.leave();
  });
}

test('a requester names a deputy, who learns it, and ends it', async ({ browser }) => {
  const lena = await Person.signIn(browser, 'requester@acme', {
    language: 'en',
    by: 'keyboard',
    timezoneId: 'America/New_York',
  });
  const { page, hand } = lena;
  const [t, p] = [lena.words(deputies), lena.words(picking)];
  await lena.open(lena.t.nav.deputy);
  await expect(page.getByText(t.none)).toBeVisible();
  await expect(page.getByText(t.zone('America/New_York')).first()).toBeVisible();

  await hand.press(lena.button(t.set));
  await expect(page.getByText(t.personMissing)).toBeVisible();
  await expect(page.getByText(t.timeMissing)).toHaveCount(1);
  await page.getByLabel(t.from).fill('2026-01-05T09:00');
  await page.getByLabel(t.until).fill('2026-01-06T09:00');
  await hand.press(page.getByRole('combobox', { name: t.who }));
  await expect(page.getByText(p.least)).toBeVisible();
  await page.keyboard.type('jam');
  await expect(page.getByRole('option')).toHaveText([JAMES]);
  await expect(page.getByText('@acme.example')).toHaveCount(0);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('combobox', { name: t.who })).toBeFocused();

  // A period in the past is refused at its field, and the input stays, also across a reload.
  await hand.press(lena.button(t.set));
  await expect(page.getByLabel(t.until)).toHaveAttribute('aria-invalid', 'true');
  await page.reload();
  await expect(page.getByRole('combobox', { name: t.who })).toHaveText(JAMES);
  const [from, until] = [hours(-24), hours(48)];
  await page.getByLabel(t.from).fill(localIn('America/New_York', from));
  await page.getByLabel(t.until).fill(localIn('America/New_York', until));
  await checkLooks(page, 'deputy form');
  await hand.press(lena.button(t.set));
  await expect(page.getByText(t.isSet(JAMES))).toBeVisible();
  const shown = new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: 'America/New_York',
  }).format(until);
  await expect(page.getByText(t.now(JAMES, shown))).toBeVisible();

  const james = await Person.signIn(browser, 'approver@acme', { language: 'de', path: '/deputy' });
  await expect(james.page.getByText(james.words(deputies).standsInFor(LENA))).toBeVisible();
  const id = await memberId('admin@acme', 'hoffmann');
  const admin = await Person.signIn(browser, 'admin@acme', { language: 'de', path: '/admin/members' });
  const m = admin.words(members);
  await admin.hand.press(admin.button(m.shows.deputy));
  await expect(admin.page.getByRole('link', { name: LENA })).toHaveAttribute('href', `/admin/members/${id}`);
  await expect(admin.page.getByRole('main')).toContainText(JAMES);
  await checkLooks(admin.page, 'members with a deputy');
  await admin.hand.press(admin.page.getByRole('link', { name: LENA }));
  await expect(admin.button(admin.words(deputies).change)).toBeVisible();
  await checkLooks(admin.page, 'member with a deputy');
  await admin.leave();

  await hand.press(lena.button(t.end));
  await hand.press(lena.dialog(t.endTitle(JAMES)).getByRole('button', { name: t.end }));
  await expect(page.getByText(t.none)).toBeVisible();
  await james.page.reload();
  await expect(james.page.getByText(james.words(deputies).standsInNone)).toBeVisible();
  await james.leave();
  await lena.leave();
});

test('a member who is removed is signed out at once, and the last admin stays', async ({ browser }) => {
  const katharina = await Person.signIn(browser, 'auditor@globex', { language: 'de', path: '/audit' });
  const admin = await Person.signIn(browser, 'admin@globex', { language: 'en', by: 'keyboard' });
  const t = admin.words(members);
  const { page, hand } = admin;
  try {
    await admin.open(admin.t.nav.members);
    await hand.press(page.getByRole('link', { name: KATHARINA }));
    await hand.press(admin.button(t.remove.action));
    const dialog = admin.dialog(t.remove.title(KATHARINA));
    await expect(dialog).toContainText(t.remove.lead(KATHARINA));
    await checkLooks(page, 'remove a member');
    await hand.press(dialog.getByRole('button', { name: t.remove.confirm }));
    await expect(page.getByText(t.goneTitle)).toBeVisible();
    await checkLooks(page, 'removed member');

    await katharina.hand.press(katharina.page.getByRole('link', { name: katharina.t.nav.deputy }));
    await expect(katharina.page.getByRole('alertdialog', { name: katharina.t.signIn.ended })).toBeVisible();
    await katharina.page.goto('/audit');
    await katharina.hand.press(katharina.page.getByRole('link', { name: katharina.t.signIn.action }));
    await katharina.hand.press(katharina.page.getByRole('link', { name: 'auditor@globex' }));
    await expect(katharina.page.getByText('not-a-member')).toBeVisible();

    await admin.open(admin.t.nav.members);
    await expect(page.getByRole('main')).not.toContainText(KATHARINA);
    await hand.press(admin.button(t.shows.removed));
    await expect(page.getByRole('link', { name: KATHARINA })).toBeVisible();
    await settleRows(page);
    await hand.press(page.getByRole('link', { name: 'Claire Whitman' }));
    await hand.press(admin.button(t.remove.action));
    const own = admin.dialog(t.remove.title('Claire Whitman'));
    await hand.press(own.getByRole('button', { name: t.remove.confirm }));
    await expect(own.getByRole('alert')).toContainText('“admin”');
  } finally {
    addMember('globex', 'auditor@globex', KATHARINA, 'katharina.boehm@globex.example', 'auditor');
  }
  await admin.leave();
  await katharina.leave();
});

test('an operator creates a tenant', async ({ browser }) => {
  const operator = await Person.signIn(browser, 'operator', { language: 'en', by: 'keyboard' });
  const { page, hand } = operator;
  const { tenants: t, products } = operator.words(operators);
  const slug = fresh('umbrella');
  await operator.open(operator.t.nav.tenants);
  await hand.press(operator.button(t.make.action));
  const dialog = operator.dialog(t.make.title);
  const field = (label: string) => dialog.getByRole('textbox', { name: label });
  await hand.fill(field(t.make.name), 'Umbrella & Söhne');
  await hand.fill(field(t.slug), 'acme');
  await hand.press(dialog.getByRole('button', { name: t.make.submit }));
  await expect(field(t.slug)).toHaveAttribute('aria-invalid', 'true');
  await expect(field(t.make.name)).toHaveValue('Umbrella & Söhne');
  await checkLooks(page, 'create a tenant');
  await hand.fill(field(t.slug), slug);
  await hand.press(dialog.getByRole('button', { name: t.make.submit }));
  await expect(page.getByRole('heading', { level: 1, name: slug })).toBeVisible();
  await expect(page.getByText(products.notEnabled).first()).toBeVisible();
  await operator.open(operator.t.nav.tenants);
  await expect(page.getByRole('row').filter({ hasText: slug })).toContainText('0');
  await checkLooks(page, 'tenants');
  await operator.leave();
});

const hours = (count: number) => new Date(Date.now() + count * 3_600_000);

/** Value of a `datetime-local` input for this moment in a time zone. */
function localIn(timeZone: string, at: Date): string {
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  return parts.format(at).replace(' ', 'T');
}
