import { Bike } from 'lucide-react';
import { expect, it } from 'vitest';
import type { Session } from '@/shell/api/session';
import type { Product } from '@/shell/app/product';
import { en } from '@/shell/i18n/en';
import { navigation } from './nav';

const entry = (to: string, ...permissions: string[]) => ({
  to,
  label: { en: to, de: to },
  Icon: Bike,
  permissions,
});
const product = (id: string) =>
  ({
    id,
    text: { en: { name: `The ${id}` }, de: {} },
    nav: { work: [entry(`/${id}`, `${id}.buy`)], administration: [entry(`/admin/${id}`, `${id}.sell`)] },
  }) as unknown as Product;

const groups = (products: Product[], ...permissions: string[]) => {
  const session = { kind: 'member', permissions } as unknown as Session;
  const shown = navigation(session, en, 'en', products);
  return shown.map(({ label, entries }) => [label, entries.map(({ to }) => to)]);
};

it('shows the entries of the only product among the host’s', () => {
  expect(groups([product('shop')], 'shop.buy', 'shop.sell', 'host.audit')).toEqual([
    [en.nav.work, ['/', '/shop', '/deputy']],
    [en.nav.administration, ['/admin/shop', '/audit']],
  ]);
});

it('shows several products in a group each, and no group that is empty', () => {
  const products = [product('shop'), product('garage'), product('bank')];
  expect(groups(products, 'shop.buy', 'garage.buy', 'garage.sell', 'host.audit')).toEqual([
    [en.nav.work, ['/', '/deputy']],
    ['The shop', ['/shop']],
    ['The garage', ['/garage', '/admin/garage']],
    [en.nav.administration, ['/audit']],
  ]);
});

it('shows the host’s own pages where there is no product', () => {
  expect(groups([], 'host.connections', 'host.members', 'host.settings')).toEqual([
    [en.nav.work, ['/', '/deputy']],
    [en.nav.administration, ['/admin/members', '/admin/groups', '/admin/connections', '/admin/settings']],
  ]);
});
