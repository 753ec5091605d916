import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/app/page/lazy-page';
import { shellRoute } from '@/app/shell-route';

export const homeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  component: lazyPage(() => import('./home-page'), 'HomePage'),
});

export const homeRoutes = [homeRoute] as const;
