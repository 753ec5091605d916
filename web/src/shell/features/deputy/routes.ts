import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { shellRoute } from '@/shell/app/shell-route';

export const deputyRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/deputy',
  component: lazyPage(() => import('./deputy-page'), 'DeputyPage'),
});

export const deputyRoutes = [deputyRoute] as const;
