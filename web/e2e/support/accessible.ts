import { type Page, expect } from '@playwright/test';
import axe from 'axe-core';
import { LOOKS, show } from './appearance';

/**
 * Findings of axe on the page: the rule, and the elements that break it. The script stays in the
 * page for further calls.
 */
export async function findings(page: Page, without: readonly string[] = []): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  return page.evaluate(async left => {
    const { run } = Reflect.get(globalThis, 'axe') as typeof axe;
    const { violations } = await run(document, {
      resultTypes: ['violations'],
      rules: Object.fromEntries(left.map(rule => [rule, { enabled: false }])),
    });
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(node => node.target.join(' ')).join(' | ')}`,
    );
  }, without);
}

/** Width in px by which the page is wider than the window. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Verifies that the page needs no horizontal scrolling and that axe has no findings. */
export async function checkPage(page: Page, what: string): Promise<void> {
  expect.soft(await overflow(page), `${what}: nothing to scroll sideways`).toBeLessThanOrEqual(0);
  expect.soft(await findings(page), what).toEqual([]);
}

/**
 * Verifies the page, or its open dialog, at all widths and in both themes. With `PICTURES`, a
 * folder, in the environment it takes a picture of each. A journey's run in a narrower window is
 * not looked at again.
 */
export async function checkLooks(page: Page, what: string): Promise<void> {
  if (page.viewportSize()?.width !== LOOKS[0].width) return;
  for (const look of LOOKS) {
    await show(page, look.theme, look);
    await checkPage(page, `${what}, ${look.theme}, ${look.width}`);
    const folder = process.env.PICTURES;
    if (folder)
      await page.screenshot({ path: `${folder}/${what.replaceAll(/\W+/gu, '-')}-${look.width}.png` });
  }
  await show(page, LOOKS[0].theme, LOOKS[0]);
}
