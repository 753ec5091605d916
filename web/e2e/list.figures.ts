import { expect, test } from '@playwright/test';
import { command } from './support/api';
import { settle } from './support/appearance';
import { Person } from './support/person';

/**
 * Duration of interactions with a list of 1,000 rows, from the input to the next frame, as the
 * browser measures it.
 */
const ROWS = 1_000;
const SIDE_BY_SIDE = 8;

test(`a list of ${ROWS} rows`, async ({ browser }) => {
  test.setTimeout(600_000);
  const numbers = Array.from({ length: ROWS }, (_, number) => number);
  const worker = async () => {
    for (let number = numbers.pop(); number !== undefined; number = numbers.pop()) await define(number);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));

  const admin = await Person.signIn(browser, 'admin@globex', { language: 'en', path: '/admin/offerings' });
  const { page } = admin;
  await settle(page);
  const more = admin.button(admin.t.list.more);
  while (await more.isVisible()) {
    await more.click();
    await settle(page);
  }
  await page.evaluate(() => {
    const found: number[] = [];
    Object.assign(globalThis, { durations: found });
    const observer = new PerformanceObserver(list => {
      for (const entry of list.getEntries() as (PerformanceEventTiming & { interactionId?: number })[])
        if (entry.interactionId) found.push(entry.duration);
    });
    observer.observe({ type: 'event', durationThreshold: 16, buffered: false } as PerformanceObserverInit);
  });

  const frames: number[] = [];
  await page.mouse.move(640, 500);
  for (let turn = 0; turn < 40; turn++) {
    await page.mouse.wheel(0, 1_200);
    frames.push(
      await page.evaluate(
        () =>
          new Promise<number>(done => {
            const began = performance.now();
            requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
          }),
      ),
    );
  }
  const filter = page.getByLabel(admin.t.list.search);
  await filter.focus();
  for (let turn = 0; turn < 10; turn++) {
    for (const letter of 'server 9') await page.keyboard.press(letter === ' ' ? 'Space' : letter);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.press('Delete');
  }
  const durations = await page.evaluate(() => (globalThis as unknown as { durations: number[] }).durations);
  const shown = await page.evaluate(() => document.querySelectorAll('[role=row], tbody tr, article').length);
  expect(shown, 'the list is there').toBeGreaterThan(5);
  console.log(
    `scrolling, two frames: p50 ${quantile(frames, 0.5)} ms, p95 ${quantile(frames, 0.95)} ms, ${frames.length} turns`,
  );
  console.log(
    `typing in the filter, input to frame: p50 ${quantile(durations, 0.5)} ms, p95 ${quantile(durations, 0.95)} ms of ${durations.length} events of 16 ms or more`,
  );
  await admin.leave();
});

async function define(number: number): Promise<void> {
  const name = `server ${String(number).padStart(4, '0')}`;
  await command('admin@globex', 'define-offering', {
    key: name.replace(' ', '-'),
    name,
    template: 'Templates/debian-12',
    image: 'Debian 12',
    active: true,
    cpu_min: 1,
    cpu_max: 8,
    memory_gb_min: 1,
    memory_gb_max: 64,
    base_cents: 1000,
    cpu_cents: 800,
    gb_cents: 300,
  });
}

function quantile(values: number[], q: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) * q)] ?? 0).toFixed(0);
}
