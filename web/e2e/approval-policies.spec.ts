import { type Locator, expect, test } from '@playwright/test';
import { text as approvals } from '../src/products/dcm/approvals/text';
import { text as deciders } from '../src/products/dcm/deciders/text';
import { text as requests } from '../src/products/dcm/requests/text';
import { text as stages } from '../src/products/dcm/stages/text';
import { text as picking } from '../src/shell/app/people/text';
import { checkLooks } from './support/accessible';
import { command, memberId, put, until } from './support/api';
import { settleRows } from './support/appearance';
import { fresh } from './support/names';
import { Person, said } from './support/person';

/** Requests under a policy: in turn, by rule, passed on and reassigned. */

const ADMIN = 'admin@acme';
const REQUESTER = 'requester@acme';
const LENA = 'Lena Hoffmann';
const JAMES = 'James Carter';
const MIRIAM = 'Miriam Vogt';

/** A delayed approval and its row. */
const DECIDED = { timeout: 20_000 };

const policy = fresh('limit');
const group = fresh('finance');

/** Applies to one offering only, so that other journeys decide by the default stage. */
const DOCUMENT = {
  applies_to: { kinds: ['vm.create'], when: { fact: 'offering', is: 'eq', value: 'linux-large' } },
  auto_approve: [
    {
      key: 'small',
      name: { de: 'Klein', en: 'Small' },
      when: { fact: 'monthly_cents', is: 'le', value: 10_000 },
    },
  ],
  stages: [
    {
      key: 'manager',
      name: { de: 'Vorgesetzte', en: 'Manager' },
      approvers: [{ manager_of: 'requester' }],
      needs: 'any',
    },
    {
      key: 'finance',
      name: { de: 'Finanzen', en: 'Finance' },
      after: ['manager'],
      approvers: [{ group }],
      needs: 'any',
    },
  ],
};

test.beforeAll(async () => {
  const [james, miriam] = [await memberId(ADMIN, 'carter'), await memberId(ADMIN, 'vogt')];
  await setManager(james);
  await put(ADMIN, `/api/host/groups/${group}`, { name: `Finance ${group}` });
  await put(ADMIN, `/api/host/groups/${group}/members/${miriam}`, null);
  const names = { name_de: `Grenze ${policy}`, name_en: `Limit ${policy}` };
  await command(ADMIN, 'draft-policy', { policy, ...names, document: DOCUMENT, revision: 0 });
  const { revision } = await until(ADMIN, 'policies', policy, row => Number(row.revision) > 0);
  await command(ADMIN, 'publish-policy', { policy, revision, reason: 'Limit for large machines.' });
  await until(ADMIN, 'policies', policy, row => row.version === 1);
});

test.afterAll(async () => {
  await command(ADMIN, 'retire-policy', { policy, version: 1, reason: 'End of the journey.' });
  await setManager(null);
});

test('over the limit the manager and then finance decide, and a small request passes by rule', async ({
  browser,
}) => {
  test.setTimeout(300_000);
  const name = fresh('costly');
  const id = await ask(name, 8, 32);
  const james = await Person.signIn(browser, 'approver@acme', { language: 'en', path: '/approvals' });
  const words = james.words(approvals);
  const card = cardOf(james, name);
  const button = card.getByRole('button', { name: said.en.approve, exact: true });
  await expect(stageOf(card, 'Manager')).toContainText(JAMES);
  await expect(stageOf(card, 'Finance')).toHaveCount(0);
  await checkLooks(james.page, 'inbox with a stage');
  await button.scrollIntoViewIfNeeded();
  const before = await card.boundingBox();
  await button.click();
  await expect(card).toContainText(words.youApproved, DECIDED);

  // The next stage has opened, and the card has not grown under the pointer.
  await expect(card).toContainText(words.newer);
  expect(await card.boundingBox()).toEqual(before);
  await card.getByRole('button', { name: words.showNewer }).click();
  await expect(stageOf(card, 'Finance')).toContainText(stages.en.states.open);
  await james.page.mouse.move(5, 5);
  await expect(card).toBeHidden();
  await james.leave();

  const miriam = await Person.signIn(browser, ADMIN, { language: 'de', path: '/approvals' });
  const own = cardOf(miriam, name);
  await expect(stageOf(own, 'Vorgesetzte')).toContainText(stages.de.approved(JAMES));
  await own.getByRole('button', { name: said.de.approve, exact: true }).click();
  await expect(own).toContainText(miriam.words(approvals).byPerson(MIRIAM), DECIDED);
  const decided = await until(REQUESTER, 'requests', id, row => row.status !== 'pending');
  expect(decided.status).not.toBe('rejected');
  await miriam.leave();

  const small = await ask(fresh('small'), 2, 4);
  await until(REQUESTER, 'requests', small, row => row.status !== 'pending');
  const lena = await Person.signIn(browser, REQUESTER, { language: 'en', path: `/requests/${small}` });
  await expect(lena.page.getByText(stages.en.auto('Small'))).toBeVisible();
  await expect(lena.page.getByText(requests.en.facts.byRule('Small'), { exact: false })).toBeVisible();
  await checkLooks(lena.page, 'request that passed by a rule');
  await lena.leave();
});

test('a person passes a decision on, and an admin reassigns the stage', async ({ browser }) => {
  test.setTimeout(300_000);
  const name = fresh('handed');
  const id = await ask(name, 8, 32);
  const james = await Person.signIn(browser, 'approver@acme', { language: 'en', path: '/approvals' });
  const { page, hand } = james;
  const t = james.words(deciders).passOn;
  const words = james.words(approvals);
  const card = cardOf(james, name);
  await hand.press(card.getByRole('button', { name: said.en.passOn }));
  const dialog = james.dialog(t.title(name));
  const to = dialog.getByRole('combobox', { name: t.to });
  const submit = dialog.getByRole('button', { name: said.en.passOn });

  // All errors at once, then the requester is refused at the field, and the input stays.
  await hand.press(submit);
  await expect(dialog.getByText(t.toMissing)).toBeVisible();
  const reason = dialog.getByRole('textbox', { name: deciders.en.reason });
  await expect(reason).toHaveAttribute('aria-invalid', 'true');
  await checkLooks(page, 'pass on');
  await hand.fill(reason, 'On holiday from tomorrow.');
  await choose(james, to, LENA);
  await hand.press(submit);
  await expect(to).toHaveAttribute('aria-invalid', 'true');
  await expect(reason).toHaveValue('On holiday from tomorrow.');
  await choose(james, to, MIRIAM);
  await hand.press(submit);
  await expect(page.getByText(t.done(name))).toBeVisible();
  await page.mouse.move(5, 5);
  await expect(card).toBeHidden();

  // The admin reads who passed on to whom, and gives the stage back with a reason.
  const miriam = await Person.signIn(browser, ADMIN, { language: 'de', path: `/requests/${id}` });
  const de = miriam.words(deciders).reassign;
  const chain = miriam.page.getByRole('region', { name: stages.de.title });
  await expect(chain).toContainText(`${stages.de.from(JAMES)} ${stages.de.to(MIRIAM)}`);
  await checkLooks(miriam.page, 'request that was passed on');
  await miriam.hand.press(miriam.button(said.de.reassign));
  const reassign = miriam.dialog(de.title(name));
  await miriam.hand.press(reassign.getByRole('button', { name: said.de.reassign }));
  const first = reassign.getByRole('combobox', { name: de.person('1') });
  await expect(first).toHaveAttribute('aria-invalid', 'true');
  await choose(miriam, first, JAMES);
  await expect(reassign.getByRole('combobox', { name: de.person('2') })).toBeVisible();
  await checkLooks(miriam.page, 'reassign');
  await miriam.hand.fill(reassign.getByRole('textbox', { name: deciders.de.reason }), 'James ist zurück.');
  await miriam.hand.press(reassign.getByRole('button', { name: said.de.reassign }));
  await expect(miriam.page.getByText(de.done(name))).toBeVisible();
  await expect(chain).toContainText(stages.de.askedInstead);
  await expect(chain).toContainText(JAMES);
  await miriam.leave();

  // Decided by keys: an approval is undone, and a rejection needs its reason.
  await page.reload();
  await expect(page.getByText(words.keys)).toBeVisible();
  await card.getByRole('link', { name }).focus();
  await page.keyboard.press('a');
  await expect(card.getByRole('button', { name: james.t.delayed.undo })).toBeFocused();
  await settleRows(page);
  await page.keyboard.press('u');
  await expect(card.getByRole('button', { name: said.en.approve, exact: true })).toBeFocused();
  await settleRows(page);
  await page.keyboard.press('r');
  const rejection = james.dialog(requests.en.reject.title(name));
  await rejection.getByLabel(requests.en.reject.reason).pressSequentially('A jar: not this quarter.');
  await expect(rejection.getByLabel(requests.en.reject.reason)).toHaveValue('A jar: not this quarter.');
  await hand.press(rejection.getByRole('button', { name: said.en.reject }));
  await until(REQUESTER, 'requests', id, row => row.status === 'rejected');
  await james.leave();
});

/** Requests a machine of the offering to which the policy applies. */
async function ask(name: string, cpus: number, memory_gb: number): Promise<string> {
  const justification = 'Data base of the spring campaign';
  const body = { name, offering: 'linux-large', cpus, memory_gb, term_months: 12, justification };
  return (await command(REQUESTER, 'request-vm', body)).subject?.key ?? '';
}

async function setManager(manager: string | null): Promise<void> {
  const lena = await memberId(ADMIN, 'hoffmann');
  await put(ADMIN, `/api/host/members/${lena}`, { roles: ['requester'], manager, cost_centre: '' });
}

const cardOf = (person: Person, name: string) => person.page.getByRole('article', { name });

const stageOf = (card: Locator, name: string) =>
  card.getByRole('listitem').filter({ has: card.page().getByRole('heading', { name, exact: true }) });

/** Finds a person by the family name, and chooses the only one. */
async function choose(person: Person, control: Locator, name: string): Promise<void> {
  await person.hand.press(control);
  const search = person.page.getByPlaceholder(person.words(picking).search);
  await search.fill(name.split(' ')[1]?.toLowerCase() ?? name);
  await expect(person.page.getByRole('option').filter({ hasText: name })).toHaveCount(1);
  await person.page.keyboard.press('Enter');
  await expect(control).toContainText(name);
}
