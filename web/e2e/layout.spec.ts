import { expect, test } from '@playwright/test';
import { findings, overflow } from './support/accessible';
import { newest } from './support/api';
import { cutTexts } from './support/cut-texts';
import { answerAtLength } from './support/hostile';
import { WIDTHS, settle, show } from './support/appearance';
import { visits } from './support/pages';
import { Person } from './support/person';

/**
 * Layout with the longest names, addresses and amounts, in English and New York; every-page.spec.ts
 * covers the usual ones in German and Berlin. The lists of globex are empty.
 */
const accounts = [...new Set(visits.map(visit => visit.account))].filter(one => !one.endsWith('@globex'));

/** Adds a width of 320 px and a large screen. */
const SIZES = [...Object.values(WIDTHS), { width: 320, height: 640 }, { width: 1920, height: 1080 }];

for (const account of accounts) {
  test(`no page of ${account} cuts a text at any width`, async ({ browser }) => {
    test.setTimeout(600_000);
    const person = await Person.signIn(browser, account, { language: 'en', timezoneId: 'America/New_York' });
    const { page } = person;
    await answerAtLength(page);
    for (const { path, of } of visits.filter(one => one.account === account)) {
      await page.goto(of ? path.replace('$', await newest(account, of)) : path);
      await settle(page);
      for (const size of SIZES) {
        await show(page, 'light', size);
        const what = `${path} of ${account} at ${size.width}`;
        expect.soft(await cutTexts(page), what).toEqual([]);
        expect.soft(await overflow(page), `${what}: nothing to scroll sideways`).toBeLessThanOrEqual(0);
        // Colours do not depend on the length of texts.
        expect.soft(await findings(page, ['color-contrast']), what).toEqual([]);
      }
    }
    await person.leave();
  });
}
