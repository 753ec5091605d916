import { expect, test } from '@playwright/test';
import { text as catalogue } from '../src/products/dcm/catalogue/text';
import { text as requests } from '../src/products/dcm/requests/text';
import { command } from './support/api';
import { Firefox, type Tab } from './support/firefox';
import { fresh } from './support/names';
import { shell } from './support/person';

/** Smoke test in Firefox, for behaviour that differs between browsers. */

const t = shell.en;
const form = catalogue.en.form;

let firefox: Firefox;
test.beforeAll(async () => {
  firefox = await Firefox.start();
});
test.afterAll(() => firefox.stop());

test('Firefox signs in, orders what was typed, and receives a change', async () => {
  const tab = await firefox.tab();
  await signIn(tab, 'requester@acme', '/catalogue/linux-small');
  await tab.see(form.title('Linux Small'));

  const [name, cpus, memory] = ['input[name=name]', 'input[name=cpus]', 'input[name=memory_gb]'];
  await tab.fill(memory, '4');
  await tab.wheel(memory, -120);
  await tab.fill(cpus, '1,5');
  const values = () =>
    tab.run(
      (...of: string[]) => of.map(one => document.querySelector<HTMLInputElement>(one)?.value),
      cpus,
      memory,
    );
  expect(await values(), 'what was typed stands, and the wheel orders nothing').toEqual(['1,5', '4']);
  const vm = fresh('fox');
  await tab.fill(name, vm);
  await tab.fill('textarea[name=justification]', 'Front end of the spring campaign');
  await tab.press('form button[type=submit]');
  const invalid = () => tab.run(one => document.querySelector(one)?.getAttribute('aria-invalid'), cpus);
  await expect.poll(invalid).toBe('true');
  await tab.fill(cpus, '2');
  // The command sends the price that was shown.
  await tab.see('€40.00');
  await tab.press('form button[type=submit]');
  await tab.see(requests.en.hero.waitingFor);
  await tab.see(vm);

  // Earlier than the page's own polling interval.
  const request = (await tab.run(() => location.pathname)).split('/').at(-1);
  await command('approver@acme', 'reject-request', { request, reason: 'Not in this quarter' });
  await tab.see('Not in this quarter', 15_000);
});

test('in Firefox, Back after signing out shows nothing of the person who left', async () => {
  const tab = await firefox.tab();
  await signIn(tab, 'requester@acme', '/vms');
  await tab.see('shop-web-01');
  await tab.press('header button', 'Lena Hoffmann');
  await tab.press('[role=menuitem]', t.account.signOut);
  await tab.see(t.signIn.action);
  await tab.back();
  await tab.see(t.signIn.action);
  expect(await tab.run(() => document.body.innerText)).not.toContain('shop-web-01');
});

/** A person with a session at the provider is not asked again. */
async function signIn(tab: Tab, account: string, path: string): Promise<void> {
  await tab.open(`${process.env.EAF_URL}/signed-in`);
  await tab.run(() => localStorage.setItem('eaf.language', 'en'));
  await tab.open(`${process.env.EAF_URL}${path}`);
  const signedIn = () => tab.run(() => document.querySelector('nav') !== null).catch(() => false);
  const offered = () => tab.run(() => document.body.innerText).catch(() => '');
  await expect.poll(async () => (await signedIn()) || (await offered()).includes(t.signIn.action)).toBe(true);
  if (await signedIn()) return;
  await tab.press('a', t.signIn.action);
  await tab.press('a', account);
}
