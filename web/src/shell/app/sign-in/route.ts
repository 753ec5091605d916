import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../page/lazy-page';
import { rootRoute } from '../root-route';

/** Where a sign-in in a second tab ends. */
export const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/signed-in',
  component: lazyPage(() => import('./signed-in-page'), 'SignedInPage'),
});
