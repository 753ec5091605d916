import { expect, test } from '@playwright/test';
import { text as approvals } from '../src/products/dcm/approvals/text';
import { text as catalogue } from '../src/products/dcm/catalogue/text';
import { text as questions } from '../src/products/dcm/questions/text';
import { text as requests } from '../src/products/dcm/requests/text';
import { stepText } from '../src/products/dcm/requests/step-text';
import { text as revise } from '../src/products/dcm/revise/text';
import { checkLooks } from './support/accessible';
import { command, until } from './support/api';
import { fresh } from './support/names';
import { Person, type Way, inWay, said } from './support/person';

/** A question about a request, its answer, a revision, and the approval of the new revision. */

const ADMIN = 'admin@acme';
const LENA = 'Lena Hoffmann';
const JAMES = 'James Carter';

const policy = fresh('asked');

/** Its stage has a deadline, which stands still during a question. */
const DOCUMENT = {
  applies_to: { kinds: ['vm.create'], when: { fact: 'offering', is: 'eq', value: 'linux-large' } },
  stages: [
    {
      key: 'check',
      name: { de: 'Prüfung', en: 'Check' },
      approvers: [{ permission: 'approve' }],
      needs: 'any',
      deadline: { hours: 16, finally: 'expire' },
    },
  ],
};

test.beforeAll(async () => {
  const names = { name_de: `Prüfung ${policy}`, name_en: `Check ${policy}` };
  await command(ADMIN, 'draft-policy', { policy, ...names, document: DOCUMENT, revision: 0 });
  const { revision } = await until(ADMIN, 'policies', policy, row => Number(row.revision) > 0);
  await command(ADMIN, 'publish-policy', { policy, revision, reason: 'Deadline for large machines.' });
  await until(ADMIN, 'policies', policy, row => row.version === 1);
});

test.afterAll(async () => {
  await command(ADMIN, 'retire-policy', { policy, version: 1, reason: 'End of the journey.' });
});

const ways: Way[] = [
  { language: 'de', by: 'mouse' },
  { language: 'en', by: 'keyboard', at: 'medium' },
  { language: 'en', by: 'touch', at: 'narrow' },
];

for (const way of ways) {
  const { language } = way;
  test(`ask back, answer, revise and approve, ${inWay(way)}`, async ({ browser }) => {
    test.setTimeout(300_000);
    const name = fresh('asked');
    const id = await submit(name);
    const words = said[language];

    const james = await Person.signIn(browser, 'approver@acme', { ...way, path: '/approvals' });
    const t = james.words(questions);
    const card = james.page.getByRole('article', { name });
    await james.hand.press(card.getByRole('button', { name: words.askBack }));
    const dialog = james.dialog(t.ask.title(name));
    const question = dialog.getByRole('textbox', { name: t.ask.question });
    const ask = dialog.getByRole('button', { name: words.askBack });
    await james.hand.press(ask);
    await expect(question).toHaveAttribute('aria-invalid', 'true');
    await checkLooks(james.page, 'ask back');
    await james.hand.fill(question, 'Wozu acht CPUs? / Why eight CPUs?');
    await james.hand.press(ask);
    await expect(james.page.getByText(t.ask.done(name))).toBeVisible();
    await james.page.mouse.move(5, 5);
    await expect(card).toContainText(t.kinds.question(JAMES));
    await expect(card).toContainText(/2 (days|Tage)|1[56] (hours|Stunden)/);
    await checkLooks(james.page, 'inbox with a question');

    const lena = await Person.signIn(browser, 'requester@acme', { ...way, path: `/requests/${id}` });
    const hero = lena.words(requests).hero;
    await expect(lena.page.getByRole('heading', { name: new RegExp(`^${hero.yourAnswer}`) })).toBeVisible();
    await checkLooks(lena.page, 'request with a question');
    const answer = lena.page.getByRole('textbox', { name: t.answer.label });
    await lena.hand.fill(answer, 'Vier reichen. / Four will do.');
    await lena.hand.press(lena.button(words.answer));
    await expect(lena.page.getByRole('log')).toContainText(t.kinds.answer(LENA));
    await expect(answer).toBeHidden();

    await lena.hand.press(lena.page.getByRole('link', { name: words.revise }));
    const changed = lena.words(revise);
    await expect(lena.page.getByRole('heading', { level: 1, name: changed.title(name) })).toBeVisible();
    await lena.hand.fill(lena.page.getByLabel(lena.words(catalogue).form.cpus, { exact: true }), '4');
    const changes = lena.page.getByRole('region', { name: changed.changes });
    await expect(changes).toContainText(changed.cpus);
    await expect(changes).toContainText(changed.cost);
    await checkLooks(lena.page, 'revise');
    await lena.hand.press(lena.button(changed.submit));
    await expect(lena.page).toHaveURL(url => url.pathname === `/requests/${id}`);
    await expect(lena.page.getByText(stepText[language].kinds['request-revised'])).toBeVisible();

    await james.page.reload();
    await expect(card.getByRole('log')).toContainText(t.onEarlier('1'));
    await expect(card).toContainText('4 CPU');
    await james.hand.press(card.getByRole('button', { name: words.approve, exact: true }));
    await james.seesApproved(card, james.words(approvals).byPerson(JAMES));
    const decided = await until(ADMIN, 'requests', id, row => row.status !== 'pending');
    expect([decided.revision, decided.status === 'rejected']).toEqual([2, false]);
    await lena.leave();
    await james.leave();
  });
}

async function submit(name: string): Promise<string> {
  const justification = 'Data base of the spring campaign';
  const size = { cpus: 8, memory_gb: 32, term_months: 12 };
  const body = { name, offering: 'linux-large', ...size, justification };
  return (await command('requester@acme', 'request-vm', body)).subject?.key ?? '';
}
