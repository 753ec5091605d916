import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { search, words } from '@/shell/app/search';
import { shellRoute } from '@/shell/app/shell-route';

export const failedRequestsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/failed-requests',
  validateSearch: search<{ q: string }>({ q: words }),
  component: lazyPage(() => import('./failed-requests-page'), 'FailedRequestsPage'),
});

export const failedRequestRoutes = [failedRequestsRoute] as const;
