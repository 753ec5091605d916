import { expect, test } from '@playwright/test';
import { text as home } from '../src/products/dcm/home/text';
import { text as overview } from '../src/products/dcm/overview/text';
import { text as requests } from '../src/products/dcm/requests/text';
import { checkLooks } from './support/accessible';
import { Person } from './support/person';

/** The tenant with twelve months of history: each role's home page and each chart has content. */

const MONTHS = 12;

test('an admin reads a year of requests in charts and in the tables behind them', async ({ browser }) => {
  test.setTimeout(120_000);
  const petra = await Person.signIn(browser, 'admin@nordwind', { language: 'de' });
  const t = petra.words(overview);
  const charts = petra.page.getByRole('region', { name: t.title });
  for (const title of [t.outcomes.title, t.cost.title('EUR')]) {
    const chart = charts.getByRole('region', { name: title });
    await petra.hand.press(chart.getByText(t.table));
    const rows = chart.getByRole('table', { name: title }).getByRole('row');
    await expect(rows).toHaveCount(1 + MONTHS);
  }
  for (const title of [t.age.title, t.time.title]) {
    await expect(charts.getByRole('region', { name: title }).locator('svg').first()).toBeVisible();
  }
  await checkLooks(petra.page, 'overview with a year of history');
  await petra.leave();
});

test('the list of requests has every outcome', async ({ browser }) => {
  const petra = await Person.signIn(browser, 'admin@nordwind', { language: 'en', path: '/requests' });
  const t = petra.words(requests);
  for (const status of ['fulfilled', 'rejected', 'withdrawn', 'expired', 'failed', 'cancelled'] as const) {
    await petra.page.goto(`/requests?status=${status}`);
    const list = petra.page.getByRole('table', { name: t.title });
    await expect(list.locator('[data-row-index="0"]'), status).toContainText(t.filter[status], {
      ignoreCase: true,
    });
  }
  await petra.leave();
});

test('a manager finds the requests that wait for them, and so does their deputy', async ({ browser }) => {
  for (const account of ['manager@nordwind', 'approver@nordwind']) {
    const person = await Person.signIn(browser, account, { language: 'de' });
    const t = person.words(home);
    const tasks = person.page.getByRole('region', { name: t.approve.title });
    await expect(tasks.getByRole('listitem').filter({ hasText: 'Mateusz Nowak' }).first()).toBeVisible();
    await person.leave();
  }
});
