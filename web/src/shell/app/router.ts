import {
  type AnyRoute,
  createRoute,
  createRouter,
  parseSearchWith,
  stringifySearchWith,
} from '@tanstack/react-router';
import { auditRoutes } from '@/shell/features/audit/routes';
import { connectionRoutes } from '@/shell/features/connections/routes';
import { homeRoutes } from '@/shell/features/home/routes';
import { mailFailureRoutes } from '@/shell/features/mail-failures/routes';
import { operatorRoutes } from '@/shell/features/operator/routes';
import { RouteError } from './page/route-error';
import { NotFoundPage } from './page/not-found-page';
import { type RouterContext, rootRoute } from './root-route';
import { shellRoute } from './shell-route';
import { signedInRoute } from './sign-in/route';

/** An address that leads nowhere keeps the way on beside it. */
const nowhereRoute = createRoute({ getParentRoute: () => shellRoute, path: '$', component: NotFoundPage });

/** Each area brings its routes, and each page is loaded when a person goes there. */
export function createAppRouter<const R extends AnyRoute>(
  context: RouterContext,
  productRoutes: readonly R[],
) {
  const routeTree = rootRoute.addChildren([
    signedInRoute,
    shellRoute.addChildren([
      ...homeRoutes,
      ...productRoutes,
      ...connectionRoutes,
      ...mailFailureRoutes,
      ...auditRoutes,
      ...operatorRoutes,
      nowhereRoute,
    ]),
  ]);
  return createRouter({
    routeTree,
    context,
    defaultPreload: 'intent',
    defaultErrorComponent: RouteError,
    defaultNotFoundComponent: NotFoundPage,
    scrollRestoration: true,
    // Plain words in the address, not JSON: people read and type it.
    parseSearch: parseSearchWith(value => value),
    stringifySearch: stringifySearchWith(String),
  });
}
