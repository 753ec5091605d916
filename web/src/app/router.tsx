import type { QueryClient } from '@tanstack/react-query';
import { createRoute, createRouter, parseSearchWith, stringifySearchWith } from '@tanstack/react-router';
import { adminRoutes } from '@/features/admin/routes';
import { approvalRoutes } from '@/features/approvals/routes';
import { auditRoutes } from '@/features/audit/routes';
import { catalogueRoutes } from '@/features/catalogue/routes';
import { homeRoutes } from '@/features/home/routes';
import { operatorRoutes } from '@/features/operator/routes';
import { requestRoutes } from '@/features/requests/routes';
import { vmRoutes } from '@/features/vms/routes';
import { RouteError } from './page/route-error';
import { NotFoundPage } from './page/not-found-page';
import { rootRoute } from './root-route';
import { shellRoute } from './shell-route';
import { signedInRoute } from './sign-in/route';

/** An address that leads nowhere keeps the way on beside it. */
const nowhereRoute = createRoute({ getParentRoute: () => shellRoute, path: '$', component: NotFoundPage });

/** Each area brings its routes, and each page is loaded when somebody goes there. */
const routeTree = rootRoute.addChildren([
  signedInRoute,
  shellRoute.addChildren([
    ...homeRoutes,
    ...catalogueRoutes,
    ...requestRoutes,
    ...vmRoutes,
    ...approvalRoutes,
    ...adminRoutes,
    ...auditRoutes,
    ...operatorRoutes,
    nowhereRoute,
  ]),
]);

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: 'intent',
    defaultErrorComponent: RouteError,
    defaultNotFoundComponent: NotFoundPage,
    scrollRestoration: true,
    // Plain words in the address, not JSON: people read and type it.
    parseSearch: parseSearchWith(value => value),
    stringifySearch: stringifySearchWith(String),
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
