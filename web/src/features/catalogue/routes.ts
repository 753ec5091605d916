import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { search, words } from '@/app/search';
import { shellRoute } from '@/app/shell-route';

export const catalogueRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/catalogue',
  component: lazyRouteComponent(() => import('./catalogue-page'), 'CataloguePage'),
});

interface RequestFormSearch {
  /** A request to begin from: one that was rejected or withdrawn. */
  from: string;
}

export const requestFormRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/catalogue/$offering',
  validateSearch: search<RequestFormSearch>({ from: words }),
  component: lazyRouteComponent(() => import('./request-form-page'), 'RequestFormPage'),
});

export const catalogueRoutes = [catalogueRoute, requestFormRoute] as const;
