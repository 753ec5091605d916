import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { oneOf, search, words } from '@/shell/app/search';
import { shellRoute } from '@/shell/app/shell-route';

export const STANDINGS = [
  'open',
  'fulfilled',
  'rejected',
  'withdrawn',
  'expired',
  'failed',
  'cancelled',
] as const;
export type Standing = (typeof STANDINGS)[number];

const SORTS = [
  'vm_name',
  'offering_name',
  'monthly_cents',
  'requester_name',
  'submitted_at',
  'updated_at',
] as const;
export type RequestSort = (typeof SORTS)[number] | `-${(typeof SORTS)[number]}`;

interface RequestsSearch {
  q: string;
  status: Standing;
  whose: 'mine' | 'all';
  sort: RequestSort;
}

export const requestsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/requests',
  validateSearch: search<RequestsSearch>({
    q: words,
    status: oneOf(...STANDINGS),
    whose: oneOf('mine', 'all'),
    sort: oneOf(...SORTS, ...SORTS.map(name => `-${name}` as const)),
  }),
  component: lazyPage(() => import('./requests-page'), 'RequestsPage'),
});

export const requestRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/requests/$id',
  component: lazyPage(() => import('./request-page'), 'RequestPage'),
});

export const reviseRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/requests/$id/revise',
  component: lazyPage(() => import('../revise/revise-page'), 'RevisePage'),
});

export const requestRoutes = [requestsRoute, requestRoute, reviseRoute] as const;
