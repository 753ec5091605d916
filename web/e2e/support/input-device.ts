import { type Locator, type Page, expect } from '@playwright/test';

/** Input device of a person, so that journeys run by mouse, keyboard and touch. */
export interface Hand {
  press(what: Locator): Promise<void>;
  fill(what: Locator, text: string): Promise<void>;
}

export function handOf(by: 'mouse' | 'keyboard' | 'touch', page: Page): Hand {
  return by === 'keyboard' ? keyboard(page) : by === 'touch' ? touch() : mouse();
}

function mouse(): Hand {
  return {
    press: what => what.click(),
    fill: (what, text) => what.fill(text),
  };
}

/** Fingers: Playwright refuses to tap what another element covers. */
function touch(): Hand {
  return {
    press: what => what.tap(),
    async fill(what, text) {
      await what.tap();
      await what.fill(text);
    },
  };
}

const MOST_STEPS = 250;

/** Keyboard only: elements get the focus by Tab, never by the pointer. */
function keyboard(page: Page): Hand {
  async function reach(what: Locator): Promise<void> {
    await expect(what).toBeVisible();
    for (let step = 0; step < MOST_STEPS; step++) {
      if (await what.evaluate(element => element === document.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not lead to ${what}`);
  }
  return {
    async press(what) {
      await reach(what);
      await page.keyboard.press('Enter');
    },
    async fill(what, text) {
      await reach(what);
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type(text);
    },
  };
}
