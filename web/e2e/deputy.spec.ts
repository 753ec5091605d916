import { expect, test } from '@playwright/test';
import { text as approvals } from '../src/products/dcm/approvals/text';
import { text as catalogue } from '../src/products/dcm/catalogue/text';
import { text as stages } from '../src/products/dcm/stages/text';
import { checkLooks } from './support/accessible';
import { until } from './support/api';
import { fresh } from './support/names';
import { Person, type Way, inWay, said } from './support/person';

/**
 * A request over the limit of nordwind's policy: the deputy decides for the manager, and then the
 * finance department decides.
 */

const INGRID = 'Ingrid Solberg';
const STEFAN = 'Stefan Brenner';

/** Names of the policy's stages in the seed of the demo. */
const STAGES = {
  de: { manager: 'Vorgesetzte', finance: 'Finanzen' },
  en: { manager: 'Manager', finance: 'Finance' },
};

const ways: Way[] = [
  { language: 'de', by: 'mouse' },
  { language: 'en', by: 'touch', at: 'narrow' },
];

for (const way of ways) {
  test(`612 € need manager and finance, and the manager’s deputy decides, ${inWay(way)}`, async ({
    browser,
  }) => {
    test.setTimeout(240_000);
    const name = fresh('deputy');
    const hannah = await Person.signIn(browser, 'requester@nordwind', {
      ...way,
      path: '/catalogue/linux-large',
    });
    const form = hannah.words(catalogue).form;
    await hannah.hand.fill(hannah.page.getByLabel(form.name, { exact: true }), name);
    await hannah.hand.fill(hannah.page.getByRole('textbox', { name: form.cpus }), '26');
    await hannah.hand.fill(hannah.page.getByRole('textbox', { name: form.memory }), '135');
    await hannah.hand.fill(hannah.page.getByLabel(form.why), 'Planung der Touren für das Weihnachtsgeschäft');
    const quote = hannah.page.getByRole('region', { name: hannah.words(catalogue).quote.title });
    await expect(quote).toContainText(/612[.,]00/u);
    await expect(quote).toContainText(STAGES[way.language].manager);
    await expect(quote).toContainText(STAGES[way.language].finance);
    await checkLooks(hannah.page, 'quote of two stages');
    await hannah.hand.press(hannah.button(form.submit));
    await expect(hannah.page.getByRole('heading', { level: 1, name })).toBeVisible();
    const id = new URL(hannah.page.url()).pathname.split('/').at(-1) ?? '';

    const ingrid = await Person.signIn(browser, 'approver@nordwind', { ...way, path: '/approvals' });
    const asked = ingrid.page.getByRole('article', { name });
    await ingrid.hand.press(asked.getByRole('button', { name: said[way.language].approve, exact: true }));
    await ingrid.seesApproved(asked, ingrid.words(approvals).youApproved);

    const grace = await Person.signIn(browser, 'finance@nordwind', { ...way, path: '/approvals' });
    const card = grace.page.getByRole('article', { name });
    await expect(card).toContainText(stages[way.language].approved(INGRID));
    await expect(card).toContainText(stages[way.language].asDeputyOf(STEFAN));
    // Without a permission to read all, she sees what the requester has while she is asked.
    await expect(card).toContainText(grace.words(approvals).present);
    await expect(card.getByRole('figure')).toContainText(grace.words(approvals).costBars.title);
    await checkLooks(grace.page, 'stage after the decision of a deputy');
    await grace.hand.press(card.getByRole('button', { name: said[way.language].approve, exact: true }));
    await until('admin@nordwind', 'requests', id, row => row.status === 'fulfilled');
    await expect(hannah.page.getByText(stages[way.language].asDeputyOf(STEFAN)).first()).toBeVisible();
    await checkLooks(hannah.page, 'request that a deputy approved');
    await Promise.all([hannah, ingrid, grace].map(person => person.leave()));
  });
}
