import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { oneOf, search, words } from '@/shell/app/search';
import { shellRoute } from '@/shell/app/shell-route';

const SORTS = ['status', 'name', 'base_cents', 'updated_at'] as const;
export type OfferingSort = (typeof SORTS)[number] | `-${(typeof SORTS)[number]}`;

interface OfferingsSearch {
  q: string;
  status: 'active' | 'inactive';
  sort: OfferingSort;
}

export const offeringsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/offerings',
  validateSearch: search<OfferingsSearch>({
    q: words,
    status: oneOf('active', 'inactive'),
    sort: oneOf(...SORTS, ...SORTS.map(name => `-${name}` as const)),
  }),
  component: lazyPage(() => import('./offerings-page'), 'OfferingsPage'),
});

export const newOfferingRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/offerings/new',
  component: lazyPage(() => import('./new-offering-page'), 'NewOfferingPage'),
});

export const offeringRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/offerings/$key',
  component: lazyPage(() => import('./offering-page'), 'OfferingPage'),
});

export const offeringRoutes = [offeringsRoute, newOfferingRoute, offeringRoute] as const;
