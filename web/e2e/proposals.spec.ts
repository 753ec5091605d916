import { expect, test } from '@playwright/test';
import { text as approvals } from '../src/products/dcm/approvals/text';
import { text as proposals } from '../src/products/dcm/proposals/text';
import { text as requests } from '../src/products/dcm/requests/text';
import { text as vms } from '../src/products/dcm/vms/text';
import { checkLooks } from './support/accessible';
import { command, until } from './support/api';
import { fresh } from './support/names';
import { Person, type Way, inWay, said } from './support/person';

/** Approval with changes, and the decommissioning of a machine on which people decide. */

const ADMIN = 'admin@acme';
const REQUESTER = 'requester@acme';
const JAMES = 'James Carter';

async function submit(name: string, cpus: number): Promise<string> {
  const justification = 'Data base of the spring campaign';
  const body = { name, offering: 'linux-large', cpus, memory_gb: 16, term_months: 12, justification };
  return (await command(REQUESTER, 'request-vm', body)).subject?.key ?? '';
}

const ways: Way[] = [
  { language: 'de', by: 'mouse' },
  { language: 'en', by: 'touch', at: 'narrow' },
];

for (const way of ways) {
  test(`a smaller machine is proposed, declined, proposed again and confirmed, ${inWay(way)}`, async ({
    browser,
  }) => {
    test.setTimeout(300_000);
    const words = said[way.language];
    const name = fresh('smaller');
    const id = await submit(name, 8);
    const james = await Person.signIn(browser, 'approver@acme', { ...way, path: '/approvals' });
    // She begins in the other language, and changes it on the page of the request.
    const language = way.language === 'de' ? 'en' : 'de';
    const lena = await Person.signIn(browser, REQUESTER, { ...way, language, path: `/requests/${id}` });
    const t = james.words(proposals);
    const card = james.page.getByRole('article', { name });
    const propose = async (cpus: string) => {
      await james.hand.press(card.getByRole('button', { name: words.propose }));
      const dialog = james.dialog(t.propose.title(name));
      const send = dialog.getByRole('button', { name: words.propose });
      await james.hand.fill(dialog.getByRole('textbox', { name: t.propose.cpus }), cpus);
      await james.hand.fill(dialog.getByRole('textbox', { name: t.propose.comment }), 'Die Hälfte reicht.');
      await james.hand.press(send);
      return { dialog, send };
    };

    // A larger machine is refused at its field.
    const { dialog, send } = await propose('12');
    const cpus = dialog.getByRole('textbox', { name: t.propose.cpus });
    await expect(cpus).toHaveAttribute('aria-invalid', 'true');
    await checkLooks(james.page, 'approve with changes');
    await james.hand.fill(cpus, '4');
    await james.hand.press(send);
    await expect(james.page.getByText(t.propose.done(name))).toBeVisible();

    const reading = lena.words(proposals);
    const note = lena.page.getByRole('region', { name: reading.title });
    await expect(note).toContainText(JAMES);
    await expect(note).toContainText('Die Hälfte reicht.');
    await checkLooks(lena.page, 'request with a proposal');
    await lena.hand.press(lena.button(said[language].decline));
    const decline = lena.dialog(reading.decline.title(name));
    await lena.hand.press(decline.getByRole('button', { name: said[language].decline }));
    await expect(note).toBeHidden();

    await james.page.reload();
    await propose('6');
    await expect(note).toBeVisible();
    await lena.switchTo(way.language);
    await lena.hand.press(lena.button(words.confirm));
    const confirm = lena.dialog(lena.words(proposals).confirm.title(name));
    await expect(confirm).toContainText('6');
    await lena.hand.press(confirm.getByRole('button', { name: words.confirm }));
    const decided = await until(ADMIN, 'requests', id, row => row.status !== 'pending');
    expect([decided.revision, decided.cpus, decided.decided_by_name]).toEqual([2, 6, JAMES]);
    await james.leave();
    await lena.leave();
  });
}

test('a machine runs on until the people of a policy have decided about its end', async ({ browser }) => {
  test.setTimeout(300_000);
  const name = fresh('ending');
  const id = await submit(name, 2);
  await command('approver@acme', 'approve-request', { request: id, revision: 1 });
  await until(REQUESTER, 'requests', id, row => row.status === 'fulfilled');
  const policy = await publishPolicy();
  const lena = await Person.signIn(browser, REQUESTER, { language: 'de', path: `/vms/${id}` });
  const t = lena.words(vms);
  await lena.hand.press(lena.button(said.de.decommission));
  const dialog = lena.dialog(t.decommission.title(name));
  await lena.hand.fill(dialog.getByRole('textbox', { name: t.confirm.type(name) }), name);
  await lena.hand.fill(dialog.getByRole('textbox', { name: t.decommission.reason }), 'The campaign is over.');
  await lena.hand.press(dialog.getByRole('button', { name: said.de.decommission }));
  await lena.hand.press(lena.page.getByRole('status').getByRole('link', { name: t.page.request }));
  await expect(lena.page.getByText(lena.words(requests).facts.decommission).first()).toBeVisible();
  await checkLooks(lena.page, 'request for an end');

  const james = await Person.signIn(browser, 'approver@acme', { language: 'en', path: '/approvals' });
  const card = james.page.getByRole('article', { name });
  await expect(card).toContainText(james.words(approvals).asksEnd('Lena Hoffmann'));
  await expect(card).toContainText('The campaign is over.');
  await james.hand.press(card.getByRole('button', { name: said.en.approve, exact: true }));
  await until(REQUESTER, 'vms', id, row => row.status === 'decommissioned');
  const hero = lena.words(requests).hero;
  await expect(lena.page.getByRole('heading', { name: hero.decommissionApproved })).toBeVisible();
  await command(ADMIN, 'retire-policy', { policy, version: 1, reason: 'End of the journey.' });
  await james.leave();
  await lena.leave();
});

async function publishPolicy(): Promise<string> {
  const policy = fresh('ends');
  const document = {
    applies_to: { kinds: ['vm.decommission'], when: { fact: 'offering', is: 'eq', value: 'linux-large' } },
    stages: [
      {
        key: 'check',
        name: { de: 'Prüfung', en: 'Check' },
        approvers: [{ permission: 'approve' }],
        needs: 'any',
      },
    ],
  };
  const draft = { policy, name_de: `Ende ${policy}`, name_en: `End ${policy}`, document, revision: 0 };
  await command(ADMIN, 'draft-policy', draft);
  const { revision } = await until(ADMIN, 'policies', policy, row => Number(row.revision) > 0);
  await command(ADMIN, 'publish-policy', { policy, revision, reason: 'Ends of large machines.' });
  await until(ADMIN, 'policies', policy, row => row.version === 1);
  return policy;
}
