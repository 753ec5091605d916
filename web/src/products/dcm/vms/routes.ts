import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { oneOf, search, words } from '@/shell/app/search';
import { shellRoute } from '@/shell/app/shell-route';

const SORTS = ['name', 'status', 'power', 'cpus', 'monthly_cents', 'requester_name', 'created_at'] as const;
export type VmSort = (typeof SORTS)[number] | `-${(typeof SORTS)[number]}`;

export const POWERS = ['on', 'off'] as const;

interface VmsSearch {
  q: string;
  /** Without this parameter: present VMs. */
  show: 'all' | 'gone';
  power: (typeof POWERS)[number];
  whose: 'mine' | 'all';
  sort: VmSort;
}

export const vmsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/vms',
  validateSearch: search<VmsSearch>({
    q: words,
    show: oneOf('all', 'gone'),
    power: oneOf(...POWERS),
    whose: oneOf('mine', 'all'),
    sort: oneOf(...SORTS, ...SORTS.map(name => `-${name}` as const)),
  }),
  component: lazyPage(() => import('./vms-page'), 'VmsPage'),
});

export const vmRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/vms/$id',
  component: lazyPage(() => import('./vm-page'), 'VmPage'),
});

export const vmRoutes = [vmsRoute, vmRoute] as const;
