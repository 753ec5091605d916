import { expect, test } from '@playwright/test';
import { roles } from '../src/products/dcm/role-text';
import { text as members } from '../src/shell/features/members/text';
import { checkLooks } from './support/accessible';
import { settleRows } from './support/appearance';
import { Person, type Way, inWay } from './support/person';

/** An admin invites a person, who signs in and is a member; the invitation works once. */

const ADDRESS = 'amara.okafor@acme.example';
const NAME = 'Amara Okafor';

const JAMES = 'James Carter';

const ways: Way[] = [
  { language: 'de', by: 'mouse' },
  { language: 'en', by: 'touch', at: 'narrow' },
];

for (const way of ways) {
  test(`an invited person becomes a member at the first sign-in, and the link works once, ${inWay(way)}`, async ({
    browser,
  }) => {
    const admin = await Person.signIn(browser, 'admin@acme', way);
    const { page, hand } = admin;
    const m = admin.words(members);
    await admin.open(admin.t.nav.members);
    await hand.press(admin.button(m.invite.action));
    const dialog = admin.dialog(m.invite.title);
    await hand.press(dialog.getByRole('button', { name: m.invite.submit }));
    await expect(dialog.getByText(m.invite.emailMissing)).toBeVisible();
    await hand.fill(dialog.getByRole('textbox', { name: m.email }), ADDRESS);
    await dialog.getByRole('combobox', { name: m.invite.language }).selectOption('en');
    await dialog.getByRole('checkbox', { name: roles[way.language].requester }).check();
    await checkLooks(page, 'invite a person');
    await hand.press(dialog.getByRole('button', { name: m.invite.submit }));
    // On a phone, members are list items too.
    const invitation = page.getByRole('main').getByRole('listitem').filter({ hasText: m.invitations.sent });
    const row = invitation.filter({ hasText: ADDRESS });
    await expect(row).toBeVisible();
    await checkLooks(page, 'members with an invitation');
    const listed = await page.request.get('/api/host/invitations');
    const { items } = (await listed.json()) as { items: { email: string; link: string }[] };
    const link = items.find(({ email }) => email === ADDRESS)?.link ?? '';
    expect(link).toContain('/auth/sign-in?invitation=');

    const context = await browser.newContext({ locale: 'en-GB' });
    const invited = await context.newPage();
    await invited.goto(link);
    await invited.getByRole('link', { name: 'newcomer@acme' }).click();
    await expect(invited.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(invited).toHaveURL(url => url.pathname === '/');
    await context.close();

    await page.reload();
    await expect(row).toHaveCount(0);
    await hand.fill(page.getByRole('searchbox', { name: admin.t.list.search }), 'okafor');
    await expect(page.getByRole('link', { name: JAMES })).toHaveCount(0);
    await settleRows(page);
    await hand.press(page.getByRole('link', { name: NAME }));
    await expect(page.getByRole('heading', { level: 1, name: NAME })).toBeVisible();
    await hand.press(admin.button(m.remove.action));
    const remove = admin.dialog(m.remove.title(NAME));
    await hand.press(remove.getByRole('button', { name: m.remove.confirm }));
    await expect(page.getByText(m.remove.done(NAME))).toBeVisible();

    const again = await browser.newContext({ locale: 'en-GB' });
    const refused = await again.newPage();
    await refused.goto(link);
    await refused.getByRole('link', { name: 'newcomer@acme' }).click();
    await expect(refused.getByRole('heading', { level: 1, name: 'Invitation already used' })).toBeVisible();
    await again.close();
    await admin.leave();
  });
}
