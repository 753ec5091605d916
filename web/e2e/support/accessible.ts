import { AxeBuilder } from '@axe-core/playwright';
import { type Page, expect } from '@playwright/test';
import { LOOKS, show } from './appearance';

/** Verifies that the page needs no horizontal scrolling and that axe has no findings. */
export async function checkPage(page: Page, what: string): Promise<void> {
  const { scroll, client } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    client: document.documentElement.clientWidth,
  }));
  expect.soft(scroll, `${what}: nothing to scroll sideways`).toBeLessThanOrEqual(client);
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(node => node.target.join(' ')).join(' | ')}`,
  );
  expect.soft(found, what).toEqual([]);
}

/**
 * Verifies the page, or its open dialog, at all widths and in both themes. With `PICTURES`, a
 * folder, in the environment it takes a picture of each.
 */
export async function checkLooks(page: Page, what: string): Promise<void> {
  for (const look of LOOKS) {
    await show(page, look.theme, look);
    await checkPage(page, `${what}, ${look.theme}, ${look.width}`);
    const folder = process.env.PICTURES;
    if (folder)
      await page.screenshot({ path: `${folder}/${what.replaceAll(/\W+/gu, '-')}-${look.width}.png` });
  }
  await show(page, LOOKS[0].theme, LOOKS[0]);
}
