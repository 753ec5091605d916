import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { shellRoute } from '@/shell/app/shell-route';

export const homeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  // Loaded in parallel with the page.
  loader: ({ context: { products } }) =>
    Promise.all(products.flatMap(({ home: { Panels, Action } }) => [Panels.preload(), Action.preload()])),
  component: lazyPage(() => import('./home-page'), 'HomePage'),
});

export const homeRoutes = [homeRoute] as const;
