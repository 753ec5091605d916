import { expect, test } from '@playwright/test';
import { text as calendar } from '../src/products/dcm/calendar/text';
import { text as changes } from '../src/products/dcm/policies/changes-text';
import { text as sentences } from '../src/products/dcm/policies/sentence-text';
import { text as policies } from '../src/products/dcm/policies/text';
import { text as simulation } from '../src/products/dcm/simulation/text';
import { checkLooks } from './support/accessible';
import { command } from './support/api';
import { fresh } from './support/names';
import { Person, type Way, inWay, said } from './support/person';

const STAGES = {
  de: { department: 'Fachbereich', finance: 'Finanzen' },
  en: { department: 'Department', finance: 'Finance' },
};

const ways: Way[] = [
  { language: 'en', by: 'keyboard' },
  { language: 'de', by: 'touch', at: 'narrow' },
];

for (const way of ways) {
  test(`a policy of two stages is made, simulated, published and changed, ${inWay(way)}`, async ({
    browser,
  }) => {
    test.setTimeout(600_000);
    const { language } = way;
    const { finance, department } = STAGES[language];
    const opens = (stage: string, before: string) =>
      sentences[language].afterStages(stage, sentences[language].stage(before));
    const key = fresh('costly');
    const costly = fresh('simulated');
    const large = { offering: 'linux-large', cpus: 16, memory_gb: 64, term_months: 12 };
    const justification = 'Data base of the spring campaign';
    const made = await command('requester@acme', 'request-vm', { name: costly, ...large, justification });
    const admin = await Person.signIn(browser, 'admin@acme', way);
    const t = admin.words(policies);
    const { page, hand } = admin;
    const field = (label: string) => page.getByLabel(label, { exact: true });
    const stage = (name: string) => page.getByRole('listitem', { name, exact: true });

    await admin.open(admin.t.nav.policies);
    await hand.press(page.getByRole('link', { name: t.add }).first());
    await expect(page.getByRole('heading', { level: 1, name: t.newTitle })).toBeVisible();
    await hand.fill(field(t.nameDe).first(), `Teuer ${key}`);
    await hand.fill(field(t.nameEn).first(), `Costly ${key}`);
    await hand.fill(field(t.key), key);
    await hand.press(admin.button(t.condition.add).first());
    await hand.fill(field(t.condition.value), 'much');
    await hand.press(admin.button(t.stages.add));
    await hand.press(admin.button(t.stages.add));
    await fillStage(t.stages.unnamed('1'), STAGES.de.department, STAGES.en.department);
    await fillStage(t.stages.unnamed('2'), STAGES.de.finance, STAGES.en.finance);
    await hand.press(admin.button(t.save));

    // The amount is no number: the error is at its field, and the other input stays.
    await expect(field(t.condition.value)).toHaveAttribute('aria-invalid', 'true');
    await hand.fill(field(t.condition.value), '100');
    const words = page.getByRole('region', { name: t.sentence });
    await expect(words).toContainText(/€100\.00|100,00\s€/u);
    await expect(words).toContainText(opens(finance, department));
    await hand.press(admin.button(t.stages.up(finance)));
    await expect(admin.button(t.stages.up(finance))).toBeFocused();
    await expect(page.getByText(t.stages.moved(finance, '1', '2'))).toBeAttached();
    await expect(words).toContainText(opens(department, finance));

    if (way.by === 'touch') await hand.press(admin.button(t.stages.down(finance)));
    else await drag(department, finance);
    const moved =
      way.by === 'touch' ? t.stages.moved(finance, '2', '2') : t.stages.moved(department, '1', '2');
    await expect(page.getByText(moved)).toBeAttached();
    await expect(words).toContainText(opens(finance, department));
    await checkLooks(page, 'policy editor');
    await hand.press(admin.button(t.save));
    await expect(page.getByText(t.saved(`${language === 'de' ? 'Teuer' : 'Costly'} ${key}`))).toBeVisible();
    await expect(page).toHaveURL(new RegExp(`/admin/policies/${key}$`, 'u'));

    await simulate();
    await publish('Large machines need the consent of finance.');
    const history = page.getByRole('region', { name: t.history });
    await expect(history).toContainText(t.firstVersion);

    await hand.press(admin.button(t.stages.remove(department)));
    await hand.press(admin.button(t.save));
    await expect(page.getByText(t.unsaved)).toBeHidden();
    await publish('The department need not decide.');
    await expect(history).toContainText(changes[language].stageRemoved(department));
    await checkLooks(page, 'policy with history');
    await retire();
    await command('admin@acme', 'reject-request', {
      request: made.subject?.key,
      reason: 'End of the journey.',
    });
    await admin.leave();

    /** Moves a stage by the pointer. The page does not scroll meanwhile, so both are in view. */
    async function drag(name: string, to: string) {
      await page.setViewportSize({ width: 1280, height: 1_800 });
      const target = stage(to).getByRole('heading', { name: to });
      await page.getByTitle(t.stages.drag(name)).hover();
      await page.mouse.down();
      // The browser reports a card under the pointer from the second movement on.
      await target.hover();
      await target.hover({ position: { x: 4, y: 4 } });
      await page.mouse.up();
    }

    async function fillStage(unnamed: string, de: string, en: string) {
      const names = { de: [t.nameDe, de], en: [t.nameEn, en] } as const;
      // The name in the language of the page last, since it becomes the name of the card.
      for (const of of [language === 'de' ? 'en' : 'de', language] as const)
        await hand.fill(stage(unnamed).getByLabel(names[of][0], { exact: true }), names[of][1]);
    }

    /** The draft would have asked both stages about the request of this journey. */
    async function simulate() {
      const effect = page.getByRole('region', { name: admin.words(simulation).title });
      await hand.press(effect.getByRole('button', { name: admin.words(simulation).start, exact: true }));
      const differs = admin.words(simulation).differs('[\\d.,]+', '[\\d.,]+');
      const found = effect.getByRole('listitem').filter({ has: page.getByRole('link', { name: costly }) });
      const after = found.getByRole('list', { name: admin.words(simulation).columns.after });
      await expect(effect.getByText(new RegExp(differs, 'u'))).toBeVisible();
      await expect(after.getByRole('listitem')).toHaveText([
        new RegExp(`^${department}: `, 'u'),
        new RegExp(`^${finance}: `, 'u'),
      ]);
      await checkLooks(page, 'policy with its simulation');
    }

    async function publish(reason: string) {
      await hand.press(page.getByRole('button', { name: said[language].publish, exact: true }));
      await hand.fill(admin.dialog().getByLabel(t.publish.reason), reason);
      await hand.press(admin.dialog().getByRole('button', { name: said[language].publish, exact: true }));
      await expect(admin.dialog()).toBeHidden();
      await expect(page.getByRole('region', { name: t.history })).toContainText(reason);
    }

    /** Later journeys decide by the default stage again. */
    async function retire() {
      await hand.press(page.getByRole('button', { name: said[language].retire, exact: true }));
      await hand.fill(admin.dialog().getByLabel(t.publish.reason), 'End of the journey.');
      await hand.press(admin.dialog().getByRole('button', { name: said[language].retire, exact: true }));
      await expect(admin.dialog()).toBeHidden();
    }
  });
}

test('an admin sets the business hours, which an auditor reads', async ({ browser }) => {
  const admin = await Person.signIn(browser, 'admin@acme', { language: 'de', by: 'keyboard' });
  const t = admin.words(calendar);
  const { page, hand } = admin;
  const to = page.getByLabel(t.to(t.weekdays.friday), { exact: true });
  await admin.open(admin.t.nav.calendar);
  await expect(page.getByText(t.isDefault)).toBeVisible();
  await hand.fill(to, '07:00');
  await hand.press(admin.button(t.save));
  await expect(to).toHaveAttribute('aria-invalid', 'true');
  await hand.fill(to, '14:00');
  await page.getByLabel(t.newDay, { exact: true }).fill('2026-12-24');
  await hand.press(admin.button(t.addDay));
  await expect(page.getByText(t.added('24.12.2026'))).toBeAttached();
  await checkLooks(page, 'business hours');
  await hand.press(admin.button(t.save));
  await expect(page.getByText(t.saved)).toBeVisible();
  await expect(page.getByText(t.isDefault)).toBeHidden();
  await admin.leave();

  const auditor = await Person.signIn(browser, 'auditor@acme', { language: 'de' });
  await auditor.open(auditor.t.nav.calendar);
  await expect(auditor.page.getByText(t.hours('08:00', '14:00'))).toBeVisible();
  await expect(auditor.button(t.save)).toHaveCount(0);
  await auditor.open(auditor.t.nav.policies);
  await checkLooks(auditor.page, 'policies of an auditor');
  await auditor.leave();
});
