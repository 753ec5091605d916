import { expect, test } from '@playwright/test';
import { text as catalogue } from '../src/products/dcm/catalogue/text';
import { text as several } from '../src/products/dcm/decide-several/text';
import { text as orders } from '../src/products/dcm/orders/text';
import { checkLooks } from './support/accessible';
import { until } from './support/api';
import { fresh } from './support/names';
import { Person } from './support/person';

/** Several machines in one request, with a decision and a result per machine. */

const REQUESTER = 'requester@acme';

test('three machines are requested together, two are approved and one is rejected', async ({ browser }) => {
  test.setTimeout(300_000);
  const names = ['one', 'two', 'three'].map(fresh);
  const [first = '', second = '', third = ''] = names;
  const lena = await Person.signIn(browser, REQUESTER, {
    language: 'en',
    by: 'keyboard',
    path: '/catalogue',
  });
  const form = lena.words(catalogue).form;
  await lena.hand.press(lena.page.getByRole('link', { name: /Linux Small/ }));
  await lena.hand.fill(lena.page.getByLabel(form.name), first);
  await lena.hand.fill(lena.page.getByLabel(form.why), 'Nodes of the campaign cluster');
  await lena.hand.press(lena.button(form.add));
  await expect(lena.page.getByRole('textbox', { name: form.another('2') })).toBeFocused();
  await lena.page.keyboard.type(second);
  await lena.hand.press(lena.button(form.add));
  await lena.page.keyboard.type(second.toUpperCase());
  const quote = lena.page.getByRole('region', { name: lena.words(catalogue).quote.title });
  await expect(quote).toContainText('3 VMs');

  // The same name in another spelling is an error of its line, and nothing is requested.
  await lena.hand.press(lena.button(form.submit));
  const last = lena.page.getByRole('textbox', { name: form.another('3') });
  await expect(last).toBeFocused();
  await expect(last).toHaveAttribute('aria-invalid', 'true');
  await checkLooks(lena.page, 'request of several machines');
  await lena.hand.fill(last, third);
  await lena.hand.press(lena.button(form.submit));
  await expect(lena.page.getByRole('heading', { level: 1, name: first })).toBeVisible();
  const panel = lena.page.getByRole('list', { name: lena.words(orders).title });
  await expect(panel.getByRole('listitem')).toHaveCount(3);
  await checkLooks(lena.page, 'request with its order');

  const james = await Person.signIn(browser, 'approver@acme', { language: 'de', path: '/approvals' });
  const order = james.words(orders);
  const t = james.words(several);
  const card = james.page.getByRole('article', { name: second });
  await james.hand.press(card.getByRole('button', { name: order.decide }));
  const dialog = james.dialog(order.decideTitle('Lena Hoffmann'));
  const line = (name: string) => dialog.getByRole('listitem').filter({ hasText: name });
  await james.hand.press(line(third).getByRole('checkbox'));
  await checkLooks(james.page, 'decision on several machines');
  await james.hand.press(dialog.getByRole('button', { name: t.approve('2') }));
  await expect(dialog).toContainText(t.done('2', '2'));
  for (const name of [first, second]) await expect(line(name)).toContainText(t.approved);
  await expect(line(third)).not.toContainText(t.approved);

  await james.hand.press(line(third).getByRole('checkbox'));
  await james.hand.fill(dialog.getByRole('textbox', { name: t.comment }), 'Zwei reichen.');
  await james.hand.press(dialog.getByRole('button', { name: t.reject('1') }));
  await expect(line(third)).toContainText(t.rejected);
  await james.leave();

  // The requester's page shows each result as it comes.
  await expect(panel.getByRole('listitem').filter({ hasText: third })).toContainText('Zwei reichen.');
  for (const name of [first, second])
    await expect(panel.getByRole('listitem').filter({ hasText: name })).toContainText(/\d+\.\d+\.\d+\.\d+/, {
      timeout: 120_000,
    });
  await lena.hand.press(panel.getByRole('link', { name: second }));
  await expect(lena.page.getByRole('heading', { level: 1, name: second })).toBeVisible();
  const id = new URL(lena.page.url()).pathname.split('/').at(-1) ?? '';
  const row = await until(REQUESTER, 'requests', id, one => one.status === 'fulfilled');
  expect([row.order_line, row.order_lines]).toEqual([2, 3]);
  await lena.leave();
});
