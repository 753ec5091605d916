import { type Browser, expect, test } from '@playwright/test';
import { text as approvals } from '../src/products/dcm/approvals/text';
import { text as catalogue } from '../src/products/dcm/catalogue/text';
import { text as policies } from '../src/products/dcm/policies/text';
import { roles } from '../src/products/dcm/role-text';
import { text as requests } from '../src/products/dcm/requests/text';
import { text as stages } from '../src/products/dcm/stages/text';
import { text as groups } from '../src/shell/features/groups/text';
import { text as members } from '../src/shell/features/members/text';
import { text as operators } from '../src/shell/features/operator/text';
import { checkLooks } from './support/accessible';
import { command, connectMail, until } from './support/api';
import { invitationIn, mailTo } from './support/inbox';
import { fresh } from './support/names';
import { Person, said } from './support/person';

/** A new tenant, from its creation to its first request, which waits for a group. */

const TENANT = 'fabrikam';
const ADMIN = 'admin@fabrikam';
const REQUESTER = 'requester@fabrikam';
const RAFAEL = 'rafael.costa@fabrikam.example';
const NOOR = 'noor.haddad@fabrikam.example';
const GROUP = 'Finanzabteilung';
const [COST, SECOND] = ['Kosten', 'Betrieb'];
const STAGES = [
  { de: COST, en: 'Cost' },
  { de: SECOND, en: 'Operations' },
];

const OFFERING = {
  key: 'linux',
  name: 'Linux',
  image: 'Debian 12',
  template: 'Templates/debian-12',
  cpu_min: 1,
  cpu_max: 4,
  memory_gb_min: 1,
  memory_gb_max: 16,
  base_cents: 1_200,
  cpu_cents: 800,
  gb_cents: 300,
};

test('an operator creates a tenant, its admin sets it up, and its first request waits for a group', async ({
  browser,
}) => {
  test.setTimeout(300_000);
  const invitation = await createTenant(browser);
  const admin = await Person.signIn(browser, ADMIN, { language: 'de', invitation });
  await connectMail(ADMIN, TENANT);
  await makeGroup(admin);
  await invite(admin, RAFAEL, roles.de.requester);
  await invite(admin, NOOR, roles.de.approver, GROUP);
  await command(ADMIN, 'define-offering', OFFERING);
  await publishPolicy(admin);

  const rafael = await Person.signIn(browser, REQUESTER, {
    language: 'de',
    invitation: invitationIn(await mailTo(RAFAEL, '', INVITES)),
  });
  const noor = await Person.signIn(browser, 'finance@fabrikam', {
    language: 'de',
    invitation: invitationIn(await mailTo(NOOR, '', INVITES)),
  });
  const name = fresh('first');
  const form = rafael.words(catalogue).form;
  await rafael.open(rafael.t.nav.catalogue);
  await rafael.hand.press(rafael.page.getByRole('link', { name: new RegExp(OFFERING.name, 'u') }));
  await rafael.hand.fill(rafael.page.getByLabel(form.name, { exact: true }), name);
  await rafael.hand.fill(rafael.page.getByLabel(form.why, { exact: true }), 'First machine of the company');
  await rafael.hand.press(rafael.button(form.submit));
  await expect(rafael.page.getByRole('heading', { level: 1, name })).toBeVisible();
  await expect(rafael.page.getByRole('main')).toContainText(rafael.words(requests).hero.waitingFor);
  await expect(rafael.page.getByRole('heading', { name: /Noor Haddad/u })).toBeVisible();

  // The group decides first, and then the second stage is open.
  const id = new URL(rafael.page.url()).pathname.split('/').at(-1) ?? '';
  await noor.open(noor.t.nav.approvals);
  const card = noor.page.getByRole('article', { name });
  await expect(card).toContainText('Rafael Costa');
  await expect(card).toContainText(noor.words(approvals).cost);
  await expect(card.getByRole('heading', { name: COST, exact: true })).toBeVisible();
  await expect(card.getByRole('heading', { name: SECOND, exact: true })).toHaveCount(0);
  await checkLooks(noor.page, 'inbox of a new tenant');
  await admin.page.goto(`/requests/${id}`);
  const chain = admin.page.getByRole('region', { name: admin.words(stages).title });
  await expect(chain).toContainText(admin.words(stages).people.group(GROUP));
  await checkLooks(admin.page, 'request of a new tenant');
  await noor.hand.press(card.getByRole('button', { name: said.de.approve, exact: true }));
  await expect(chain).toContainText(stages.de.approved('Noor Haddad'), { timeout: 20_000 });
  await expect(
    chain.getByRole('list', { name: stages.de.picture.label }).getByRole('listitem').last(),
  ).toContainText(stages.de.states.open);
  await until(REQUESTER, 'requests', id, row => row.status === 'pending');
  await Promise.all([rafael, noor, admin].map(person => person.leave()));
});

const INVITES = /\/auth\/sign-in\?invitation=/u;

/** Creates the tenant with its product, and returns the link of the first admin's invitation. */
async function createTenant(browser: Browser): Promise<string> {
  const operator = await Person.signIn(browser, 'operator', { language: 'en' });
  const { page, hand } = operator;
  const { tenants: t, products } = operator.words(operators);
  await operator.open(operator.t.nav.tenants);
  await hand.press(operator.button(t.make.action));
  const dialog = operator.dialog();
  await hand.fill(dialog.getByRole('textbox', { name: t.make.name }), 'Fabrikam Ltd.');
  await hand.fill(dialog.getByRole('textbox', { name: t.slug }), TENANT);
  await hand.fill(dialog.getByRole('textbox', { name: t.make.admin }), 'ingeborg.lund@fabrikam.example');
  await hand.press(dialog.getByRole('button', { name: t.make.submit }));
  await expect(dialog.getByText(t.make.passOn)).toBeVisible();
  const link = await dialog.getByRole('code').innerText();
  await hand.press(dialog.getByRole('button', { name: t.make.toTenant }));
  await expect(page.getByRole('heading', { level: 1, name: TENANT })).toBeVisible();

  for (const [of, scope] of [
    ['vsphere vcenter', '{"templates": ["Templates"]}'],
    ['mail mail', '{}'],
  ] as const) {
    await hand.press(operator.button(`${products.grant}: ${of}`));
    await hand.fill(operator.dialog().getByRole('textbox', { name: products.scope }), scope);
    await hand.fill(operator.dialog().getByRole('textbox', { name: products.reason }), 'New contract');
    await hand.press(operator.dialog().getByRole('button', { name: products.grant }));
    await expect(operator.button(`${products.withdraw}: ${of}`)).toBeVisible();
  }
  await hand.press(operator.button(`${products.enable}: DCM`));
  await hand.fill(operator.dialog().getByRole('textbox', { name: products.reason }), 'New contract');
  await hand.press(operator.dialog().getByRole('button', { name: products.enable }));
  await expect(operator.button(`${products.disable}: DCM`)).toBeVisible();
  await operator.leave();
  return link;
}

async function makeGroup(admin: Person): Promise<void> {
  const { page, hand } = admin;
  const t = admin.words(groups).make;
  await admin.open(admin.t.nav.groups);
  await hand.press(admin.button(t.action));
  const dialog = admin.dialog(t.title);
  await hand.fill(dialog.getByRole('textbox', { name: admin.words(groups).name }), GROUP);
  await hand.press(dialog.getByRole('button', { name: t.submit }));
  await expect(page.getByRole('heading', { level: 1, name: GROUP })).toBeVisible();
}

/** Invites a person with a role, and into a group if one is given. */
async function invite(admin: Person, address: string, role: string, group?: string): Promise<void> {
  const { page, hand } = admin;
  const t = admin.words(members);
  await admin.open(admin.t.nav.members);
  await hand.press(admin.button(t.invite.action));
  const dialog = admin.dialog(t.invite.title);
  await hand.fill(dialog.getByRole('textbox', { name: t.email }), address);
  await dialog.getByRole('checkbox', { name: role }).check();
  if (group) await dialog.getByRole('checkbox', { name: group }).check();
  await hand.press(dialog.getByRole('button', { name: t.invite.submit }));
  const row = page.getByRole('main').getByRole('listitem').filter({ hasText: address });
  await expect(row).toContainText(t.invitations.sent);
}

/** Makes a policy of two stages, the first of which the group decides, and publishes it. */
async function publishPolicy(admin: Person): Promise<void> {
  const { page, hand } = admin;
  const t = admin.words(policies);
  const field = (label: string) => page.getByLabel(label, { exact: true });
  const stage = (name: string) => page.getByRole('listitem', { name, exact: true });
  await admin.open(admin.t.nav.policies);
  await hand.press(page.getByRole('link', { name: t.add }).first());
  await hand.fill(field(t.nameDe).first(), 'Alle Maschinen');
  await hand.fill(field(t.nameEn).first(), 'All machines');
  await hand.fill(field(t.key), 'machines');
  for (const [index, { de, en }] of STAGES.entries()) {
    await hand.press(admin.button(t.stages.add));
    const unnamed = stage(t.stages.unnamed(String(index + 1)));
    await hand.fill(unnamed.getByLabel(t.nameEn, { exact: true }), en);
    // The stage is called by its German name from here on.
    await hand.fill(unnamed.getByLabel(t.nameDe, { exact: true }), de);
  }
  await stage(COST).getByLabel(t.approver.by, { exact: true }).selectOption('group');
  await stage(COST).getByLabel(t.approver.group, { exact: true }).selectOption({ label: GROUP });
  await hand.press(admin.button(t.save));
  await expect(page.getByText(t.saved('Alle Maschinen'))).toBeVisible();
  const words = page.getByRole('region', { name: t.sentence });
  await expect(words).toContainText(GROUP);
  await expect(words).toContainText(`„${SECOND}“ beginnt nach „${COST}“`);
  await checkLooks(page, 'policy of a new tenant');
  await hand.press(page.getByRole('button', { name: 'Veröffentlichen', exact: true }));
  await hand.fill(admin.dialog().getByLabel(t.publish.reason), 'Die Finanzabteilung entscheidet immer.');
  await hand.press(admin.dialog().getByRole('button', { name: 'Veröffentlichen', exact: true }));
  await expect(page.getByRole('region', { name: t.history })).toContainText(t.firstVersion);
}
