import {
  type AnyRoute,
  createRoute,
  createRouter,
  parseSearchWith,
  stringifySearchWith,
} from '@tanstack/react-router';
import { auditRoutes } from '@/shell/features/audit/routes';
import { connectionRoutes } from '@/shell/features/connections/routes';
import { deputyRoutes } from '@/shell/features/deputy/routes';
import { groupRoutes } from '@/shell/features/groups/routes';
import { homeRoutes } from '@/shell/features/home/routes';
import { mailFailureRoutes } from '@/shell/features/mail-failures/routes';
import { mailSettingsRoutes } from '@/shell/features/mail-settings/routes';
import { memberRoutes } from '@/shell/features/members/routes';
import { operatorRoutes } from '@/shell/features/operator/routes';
import { settingsRoutes } from '@/shell/features/settings/routes';
import { RouteError } from './page/route-error';
import { NotFoundPage } from './page/not-found-page';
import { type RouterContext, rootRoute } from './root-route';
import { shellRoute } from './shell-route';
import { signedInRoute } from './sign-in/route';

/** Unknown addresses keep the navigation beside the message. */
const nowhereRoute = createRoute({ getParentRoute: () => shellRoute, path: '$', component: NotFoundPage });

/** Router of all areas, whose pages are loaded on navigation. */
export function createAppRouter<const R extends AnyRoute>(
  context: RouterContext,
  productRoutes: readonly R[],
) {
  const routeTree = rootRoute.addChildren([
    signedInRoute,
    shellRoute.addChildren([
      ...homeRoutes,
      ...productRoutes,
      ...deputyRoutes,
      ...mailSettingsRoutes,
      ...memberRoutes,
      ...groupRoutes,
      ...connectionRoutes,
      ...mailFailureRoutes,
      ...settingsRoutes,
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
    // Plain values in the address instead of JSON, since people read and type it.
    parseSearch: parseSearchWith(value => value),
    stringifySearch: stringifySearchWith(String),
  });
}
