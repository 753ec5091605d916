import { type Page, expect } from '@playwright/test';
import { SETTLING } from '../../src/shell/app/actions/ignore-clicks';

/**
 * Widths in px. `medium` is a laptop of 1280 px at 125 %; `small` a tablet, or 1600 px at 200 %.
 */
export const WIDTHS = {
  wide: { width: 1280, height: 900 },
  medium: { width: 1024, height: 768 },
  small: { width: 800, height: 900 },
  narrow: { width: 390, height: 844 },
};

export const THEMES = ['light', 'dark'] as const;

/** All widths in both themes. */
export const LOOKS = [
  { ...WIDTHS.wide, theme: 'light' },
  { ...WIDTHS.medium, theme: 'dark' },
  { ...WIDTHS.small, theme: 'light' },
  { ...WIDTHS.narrow, theme: 'dark' },
] as const;

export async function show(
  page: Page,
  theme: (typeof THEMES)[number],
  size: { width: number; height: number },
): Promise<void> {
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  await painted(page);
}

/**
 * Waits for the transitions of colours. One can begin when another ends, where an element inherits
 * a colour that changes.
 */
async function painted(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await new Promise(resolve => requestAnimationFrame(resolve));
    let left: Animation[] = [];
    do {
      await Promise.allSettled(left.map(one => one.finished));
      await new Promise(resolve => requestAnimationFrame(resolve));
      left = document
        .getAnimations()
        .filter(one => one.playState === 'running' && one.effect?.getComputedTiming().endTime !== Infinity);
    } while (left.length > 0);
  });
}

/** Waits until the page is loaded and shows no skeleton. */
export async function settle(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
  await page.evaluate(() => document.fonts.ready);
}

/** Waits until a list accepts clicks again, which it ignores shortly after its rows have moved. */
export async function settleRows(page: Page): Promise<void> {
  await page.waitForTimeout(SETTLING + 100);
}
