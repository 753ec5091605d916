import type { Page } from '@playwright/test';

const NAME = 'shop-web-production-eu-central-1-replica-of-the-northern-region';
const PERSON = 'Maximiliane-Friederike Freifrau von Donaudampfschifffahrtsgesellschaft-Hohenlohe';
const WORDS =
  'Rechtsschutzversicherungsgesellschaftsserver für Grundstücksverkehrsgenehmigungszuständigkeiten';
const ADDRESSES = [
  '255.255.255.255',
  '2001:0db8:85a3:1319:8a2e:0370:7344:ffff',
  'fe80:0000:0000:0000:0204:61ff:254.157.241.186',
];
const CENTS = 999_999_999_999;

/** Longest value of each column. Names have 63 characters, the limit of DNS. */
const LONGEST: Record<string, (place: number) => unknown> = {
  vm_name: () => NAME,
  vcenter_name: () => NAME,
  ip: place => ADDRESSES[place % ADDRESSES.length],
  requester_name: () => PERSON,
  decided_by_name: () => PERSON,
  actor_name: () => PERSON,
  people: () => [PERSON, PERSON.toUpperCase()],
  offering_name: () => WORDS,
  image: () => WORDS,
  monthly_cents: () => CENTS,
  base_cents: () => CENTS,
  cpu_cents: () => CENTS,
  gb_cents: () => CENTS,
  cpus: () => 1_024,
  memory_mb: () => 16_777_216,
};

/** Longest value of each member of the host's answers about people. */
const LONGEST_OF_PEOPLE: Record<string, string> = {
  name: PERSON,
  email: `${PERSON.toLowerCase().replaceAll(/[^a-z]/gu, '.')}@grundstuecksverwaltung.example`,
  cost_centre: WORDS,
};

/** Views whose rows have a name. People have one too. */
const NAMED = /\/views\/(vms|offerings)/u;

/** Replaces values in the host's answers by the longest possible ones, from now on. */
export async function answerAtLength(page: Page): Promise<void> {
  await page.route(/\/api\/dcm\/(views|queries)\//u, async route => {
    const answer = await route.fetch();
    if (!answer.headers()['content-type']?.includes('json')) return route.fulfill({ response: answer });
    const named = NAMED.test(route.request().url());
    let place = 0;
    const json: unknown = JSON.parse(await answer.text(), (key, value: unknown) => {
      if (value === null) return value;
      if (key === 'name' && named && typeof value === 'string') return NAME;
      if (key === 'ip') place += 1;
      return LONGEST[key]?.(place) ?? value;
    });
    await route.fulfill({ response: answer, json });
  });
  await page.route(/\/api\/(?:host\/(?:members|groups)|session\/(?:deputy|colleagues))/u, async route => {
    const answer = await route.fetch();
    if (!answer.headers()['content-type']?.includes('json')) return route.fulfill({ response: answer });
    const json: unknown = JSON.parse(await answer.text(), (key, value: unknown) =>
      typeof value === 'string' ? (LONGEST_OF_PEOPLE[key] ?? value) : value,
    );
    await route.fulfill({ response: answer, json });
  });
}
