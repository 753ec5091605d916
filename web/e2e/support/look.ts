import { type Page, expect } from '@playwright/test';

export const WIDTHS = { wide: { width: 1280, height: 900 }, narrow: { width: 390, height: 844 } };

export const THEMES = ['light', 'dark'] as const;

export async function show(
  page: Page,
  theme: (typeof THEMES)[number],
  size: { width: number; height: number },
): Promise<void> {
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
}

/** Loaded, and nothing is a skeleton any more. */
export async function settle(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
  await page.evaluate(() => document.fonts.ready);
}
