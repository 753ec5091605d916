import { type Page, expect, test } from '@playwright/test';
import { text as catalogue } from '../src/products/dcm/catalogue/text';
import { request } from './support/api';
import { fresh } from './support/names';
import { Person } from './support/person';
import { LoginProxy, Nginx } from './support/proxy';

/** Live updates across several tabs, through proxies, and with changes by other people. */

/**
 * Shorter than the page's own polling, which happens on focus or while live updates are
 * interrupted.
 */
const LIVE = { timeout: 15_000 };

test('seven tabs load, receive changes and act, on the six connections of a browser', async ({ browser }) => {
  const person = await Person.signIn(browser, 'requester@acme', { language: 'en', path: '/requests' });
  const tabs = [person.page];
  while (tabs.length < 7) {
    const tab = await person.page.context().newPage();
    await tab.goto('/requests');
    await expect(tab.getByRole('heading', { level: 1 })).toBeVisible();
    tabs.push(tab);
  }
  const name = fresh('tabs');
  await request(name, 'requester@acme');
  for (const tab of tabs) {
    await expect(tab.getByRole('main').getByText(name).first()).toBeVisible(LIVE);
    await expect(tab.getByText(person.t.banner.interrupted)).toHaveCount(0);
  }
  // The first tab is closed; the others still get updates.
  await tabs.shift()?.close();
  const another = fresh('tabs');
  await request(another, 'requester@acme');
  const last = tabs.at(-1);
  await expect(last!.getByRole('main').getByText(another).first()).toBeVisible(LIVE);
  await person.page.context().close();
});

test('without shared workers one tab has the stream, and another one takes it over', async ({ browser }) => {
  const person = await Person.signIn(browser, 'requester@acme', { language: 'en' });
  const context = person.page.context();
  await context.addInitScript(() => Reflect.deleteProperty(globalThis, 'SharedWorker'));
  const streams: string[] = [];
  context.on('request', asked => {
    if (asked.url().includes('/api/live')) streams.push(asked.url());
  });
  const tabs: Page[] = [];
  for (let index = 0; index < 3; index++) {
    const tab = await context.newPage();
    await tab.goto('/requests');
    await expect(tab.getByRole('heading', { level: 1 })).toBeVisible();
    tabs.push(tab);
  }
  const name = fresh('lead');
  await request(name, 'requester@acme');
  for (const tab of tabs) await expect(tab.getByRole('main').getByText(name).first()).toBeVisible(LIVE);
  const before = streams.length;
  await tabs[0]!.close();
  await expect.poll(() => streams.length).toBeGreaterThan(before);
  const another = fresh('lead');
  await request(another, 'requester@acme');
  for (const tab of tabs.slice(1))
    await expect(tab.getByRole('main').getByText(another).first()).toBeVisible(LIVE);
  await context.close();
});

test('a tab acts for its person, and shows a change of the person', async ({ browser }) => {
  const lena = await Person.signIn(browser, 'requester@acme', {
    language: 'en',
    path: '/catalogue/linux-small',
  });
  const { page } = lena;
  const t = lena.words(catalogue).form;
  const name = fresh('whose');
  await lena.hand.fill(page.getByLabel(t.name), name);
  await lena.hand.fill(page.getByLabel(t.why), 'Front end of the spring campaign');
  const other = await page.context().newPage();
  await signInInstead(lena, other, 'approver@acme');
  const changed = page.getByRole('alertdialog', { name: /signed in as James Carter \(Acme/ });
  await expect(changed).toBeVisible({ timeout: 5_000 });
  await expect(page.getByRole('textbox', { name: t.why })).toHaveCount(0);

  await signInInstead(lena, other, 'requester@acme');
  await expect(changed).toBeHidden();
  await expect(page.getByLabel(t.why)).toHaveValue('Front end of the spring campaign');
  await lena.hand.press(lena.button(t.submit));
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await expect(page.getByRole('main')).toContainText('Lena Hoffmann');
  await page.context().close();
});

/** Signs in as another person in another tab of the same browser. */
async function signInInstead(person: Person, tab: Page, account: string): Promise<void> {
  await tab.request.post('/auth/sign-out', {
    headers: { 'EAF-Csrf': '1', Origin: new URL(person.page.url()).origin },
  });
  await tab.goto('/requests');
  await person.hand.press(tab.getByRole('link', { name: person.t.signIn.action }));
  await person.hand.press(tab.getByRole('link', { name: account }));
  await expect(tab.getByRole('heading', { level: 1 })).toBeVisible();
}

test('behind an nginx with its defaults changes are received at once', async ({ browser }) => {
  const nginx = await Nginx.start();
  const person = await Person.signIn(browser, 'requester@acme', { language: 'en' });
  await person.page.goto(`${nginx.url}/requests`);
  await expect(person.page.getByRole('heading', { level: 1 })).toBeVisible();
  const name = fresh('nginx');
  await request(name, 'requester@acme');
  await expect(person.page.getByRole('main').getByText(name).first()).toBeVisible(LIVE);
  // Longer than the silence after which a stream counts as interrupted.
  await person.page.waitForTimeout(35_000);
  await expect(person.page.getByText(person.t.banner.interrupted)).toHaveCount(0);
  await person.leave();
  await nginx.stop();
});

test('a buffered stream is detected, and the page polls', async ({ browser }) => {
  const nginx = await Nginx.start('proxy_ignore_headers X-Accel-Buffering;');
  const person = await Person.signIn(browser, 'requester@acme', { language: 'de' });
  await person.page.goto(`${nginx.url}/requests`);
  await expect(person.page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(person.page.getByText(person.t.banner.interrupted)).toBeVisible({ timeout: 30_000 });
  const name = fresh('held');
  await request(name, 'requester@acme');
  await expect(person.page.getByRole('main').getByText(name).first()).toBeVisible(LIVE);
  await person.leave();
  await nginx.stop();
});

for (const mode of ['redirect', 'page'] as const) {
  test(`a log-in proxy whose session has ended is reported, and the draft stays (${mode})`, async ({
    browser,
  }) => {
    const proxy = await LoginProxy.start();
    const person = await Person.signIn(browser, 'requester@acme', { language: 'de' });
    const t = person.words(catalogue);
    const { page } = person;
    await page.goto(`${proxy.url}/catalogue/linux-small`);
    const name = fresh('proxy');
    await person.hand.fill(page.getByLabel(t.form.name), name);
    await person.hand.fill(page.getByLabel(t.form.why), 'Front end of the spring campaign');
    proxy.mode = mode;
    await person.hand.press(person.button(t.form.submit));
    const dialog = page.getByRole('alertdialog', { name: person.t.signIn.intercepted });
    await expect(dialog).toBeVisible();
    await expect(dialog.getByRole('link', { name: person.t.signIn.again })).toHaveAttribute(
      'href',
      '/signed-in',
    );
    proxy.mode = 'pass';
    await person.hand.press(dialog.getByRole('button', { name: person.t.signIn.goOn }));
    await expect(dialog).toBeHidden();
    await expect(page.getByLabel(t.form.why)).toHaveValue('Front end of the spring campaign');
    await person.hand.press(person.button(t.form.submit));
    await expect(page).toHaveURL(/\/requests\/[0-9a-f-]+$/);
    await person.leave();
    proxy.stop();
  });
}
