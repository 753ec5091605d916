import { fileURLToPath } from 'node:url';
import { test } from '@playwright/test';
import { newest, request } from './support/api';
import { THEMES, WIDTHS, settle, show } from './support/appearance';
import { Person } from './support/person';

/** `make screens` writes docs/screens: eight pages, three widths, two themes. */
const folder = fileURLToPath(new URL('../../docs/screens/', import.meta.url));

const pages: { name: string; account: string; path: () => string | Promise<string> }[] = [
  { name: 'home', account: 'manager@nordwind', path: () => '/' },
  { name: 'overview', account: 'admin@nordwind', path: () => '/' },
  { name: 'policy', account: 'admin@nordwind', path: () => '/admin/policies/machines' },
  { name: 'request-form', account: 'requester@acme', path: () => '/catalogue/linux-small' },
  { name: 'request-waiting', account: 'requester@acme', path: async () => `/requests/${await waiting()}` },
  {
    name: 'vm',
    account: 'requester@acme',
    path: async () => `/vms/${await newest('requester@acme', 'vms')}`,
  },
  { name: 'approvals', account: 'manager@nordwind', path: () => '/approvals' },
  { name: 'audit', account: 'auditor@nordwind', path: () => '/audit?source=log' },
];

let made: string | undefined;
async function waiting(): Promise<string> {
  made ??= await request('campaign-web-01', 'requester@acme');
  return made;
}

for (const { name, account, path } of pages) {
  test(name, async ({ browser }) => {
    const person = await Person.signIn(browser, account, { language: 'en' });
    await person.page.goto(await path());
    await settle(person.page);
    for (const theme of THEMES) {
      for (const width of ['wide', 'medium', 'narrow'] as const) {
        await show(person.page, theme, WIDTHS[width]);
        await person.page.screenshot({
          path: `${folder}${name}-${width}-${theme}.png`,
          animations: 'disabled',
        });
      }
    }
    await person.leave();
  });
}
