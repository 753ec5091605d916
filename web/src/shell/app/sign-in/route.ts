import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../page/lazy-page';
import { rootRoute } from '../root-route';

/** Destination of a sign-in in a second tab. */
export const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/signed-in',
  component: lazyPage(() => import('./signed-in-page'), 'SignedInPage'),
});
