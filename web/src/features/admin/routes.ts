import { createRoute } from '@tanstack/react-router';
import { oneOf, search, words } from '@/app/search';
import { lazyPage } from '@/app/page/lazy-page';
import { shellRoute } from '@/app/shell-route';

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
  component: lazyPage(() => import('./offerings/offerings-page'), 'OfferingsPage'),
});

export const newOfferingRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/offerings/new',
  component: lazyPage(() => import('./offerings/new-offering-page'), 'NewOfferingPage'),
});

export const offeringRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/offerings/$key',
  component: lazyPage(() => import('./offerings/offering-page'), 'OfferingPage'),
});

export const connectionsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/connections',
  component: lazyPage(() => import('./connections/connections-page'), 'ConnectionsPage'),
});

export const connectionRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/connections/$capability/$name',
  component: lazyPage(() => import('./connections/connection-page'), 'ConnectionPage'),
});

export const mailFailuresRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/mail-failures',
  validateSearch: search<{ q: string }>({ q: words }),
  component: lazyPage(() => import('./mail-failures/mail-failures-page'), 'MailFailuresPage'),
});

export const failedRequestsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/failed-requests',
  validateSearch: search<{ q: string }>({ q: words }),
  component: lazyPage(() => import('./failed-requests/failed-requests-page'), 'FailedRequestsPage'),
});

export const adminRoutes = [
  offeringsRoute,
  newOfferingRoute,
  offeringRoute,
  connectionsRoute,
  connectionRoute,
  mailFailuresRoute,
  failedRequestsRoute,
] as const;
