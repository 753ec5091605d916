import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { search, words } from '@/shell/app/search';
import { shellRoute } from '@/shell/app/shell-route';

export const catalogueRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/catalogue',
  component: lazyPage(() => import('./catalogue-page'), 'CataloguePage'),
});

interface RequestFormSearch {
  /** Id of a request to start from. */
  from: string;
  /** Id of a saved draft to continue. */
  draft: string;
}

export const requestFormRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/catalogue/$offering',
  validateSearch: search<RequestFormSearch>({ from: words, draft: words }),
  component: lazyPage(() => import('./request-form-page'), 'RequestFormPage'),
});

export const catalogueRoutes = [catalogueRoute, requestFormRoute] as const;
