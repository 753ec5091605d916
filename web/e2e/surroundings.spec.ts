import { type Page, chromium, expect, test } from '@playwright/test';
import { settle, settleRows } from './support/appearance';
import { Person, said } from './support/person';

/** Surroundings of a page: printing, forced colours, scrollbars, translations. */

test('printed lists have all columns and no controls', async ({ browser }) => {
  const auditor = await Person.signIn(browser, 'auditor@acme', { language: 'en', path: '/audit' });
  const { page } = auditor;
  await page.setViewportSize({ width: 390, height: 844 });
  await settle(page);
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  await expect(page.getByRole('columnheader')).toHaveCount(6);
  await expect(
    page.locator('main :is(button:not(th button), input, select)').filter({ visible: true }),
  ).toHaveCount(0);
  await expect(page.getByRole('navigation')).toHaveCount(0);
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('light');
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
  await expect(page.getByRole('columnheader')).toHaveCount(0);
  await auditor.leave();
});

test('forced colours keep states distinguishable', async ({ browser }) => {
  const person = await Person.signIn(browser, 'requester@acme', { language: 'de', path: '/vms' });
  const { page } = person;
  await settle(page);
  await page.emulateMedia({ forcedColors: 'active' });
  const outline = (style: string) =>
    page
      .locator(style)
      .first()
      .evaluate(one => getComputedStyle(one).outlineStyle);
  expect(await outline('[aria-current=page]')).toBe('solid');
  expect(await outline('[aria-pressed=true]')).toBe('solid');
  expect(await outline('[aria-pressed=false]')).toBe('none');
  const light = page.getByRole('main').locator('[data-light]').first();
  const colours = await light.evaluate(one =>
    [one, document.body].map(each => getComputedStyle(each).backgroundColor),
  );
  expect(colours[0]).not.toBe(colours[1]);
  const button = page.getByRole('link', { name: /VM beantragen/u });
  expect(await button.evaluate(one => getComputedStyle(one).borderTopWidth)).toBe('1px');
  await person.leave();
});

test('a dialog dims the whole window and moves nothing, scrollbar or not', async () => {
  const browser = await chromium.launch({ ignoreDefaultArgs: ['--hide-scrollbars'] });
  const person = await Person.signIn(browser, 'auditor@acme', { language: 'en', path: '/audit' });
  const { page } = person;
  await settle(page);
  const heading = page.locator('h1');
  const before = await heading.boundingBox();
  await page.keyboard.press('ControlOrMeta+k');
  await expect(person.dialog()).toBeVisible();
  const scrim = page.locator('.bg-scrim');
  const window = await page.evaluate(() => innerWidth);
  expect((await scrim.boundingBox())?.width).toBe(window);
  expect((await heading.boundingBox())?.x).toBe(before?.x);
  await browser.close();
});

test('a refresh moves nothing on the page of a VM, and its toast has the page’s font', async ({
  browser,
}) => {
  const person = await Person.signIn(browser, 'requester@acme', { language: 'en', path: '/vms' });
  const { page } = person;
  await person.hand.press(page.locator('[data-row-index="0"] a').first());
  const address = page.getByRole('main').locator('dl').first();
  await expect(address).toBeVisible();
  await settle(page);
  await watchMoves(page);
  await person.hand.press(person.button(said.en.refresh));
  const toast = page.locator('[data-sonner-toast]');
  await expect(toast).toBeVisible();
  expect(await toast.evaluate(one => getComputedStyle(one).fontFamily)).toContain('IBM Plex Sans');
  await expect(
    page
      .getByRole('main')
      .getByText(/Being read from vCenter/u)
      .first(),
  ).toBeHidden();
  expect(await page.evaluate(() => Reflect.get(globalThis, 'moves') as number[])).toHaveLength(1);
  await person.leave();
});

/** Records the position of the first list of facts whenever it changes. */
async function watchMoves(page: Page): Promise<void> {
  await page.evaluate(() => {
    const moves: number[] = [];
    Reflect.set(globalThis, 'moves', moves);
    const look = () => {
      const top = document.querySelector('main dl')?.getBoundingClientRect().top ?? 0;
      if (top !== moves.at(-1)) moves.push(top);
      requestAnimationFrame(look);
    };
    look();
  });
}

test('a page that a translation has changed keeps working', async ({ browser }) => {
  const person = await Person.signIn(browser, 'requester@acme', { language: 'de', path: '/vms?show=all' });
  const { page, t } = person;
  await settle(page);
  expect(
    await page.evaluate(() => [document.documentElement.lang, document.documentElement.translate]),
  ).toEqual(['de', false]);
  await page.evaluate(() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const all: Text[] = [];
    while (texts.nextNode()) all.push(texts.currentNode as Text);
    for (const text of all) {
      const font = document.createElement('font');
      text.replaceWith(font);
      font.append(text);
    }
  });
  await person.hand.press(
    page
      .getByRole('button', { name: t.list.clear })
      .or(page.getByRole('columnheader').getByRole('button'))
      .first(),
  );
  await expect(page).toHaveURL(/sort=/u);
  await settleRows(page);
  const first = page.locator('[data-row-index="0"] a').first();
  const name = await first.innerText();
  await person.hand.press(first);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);
  await expect(page.getByText(t.errors.unexpected)).toHaveCount(0);
  await person.leave();
});
