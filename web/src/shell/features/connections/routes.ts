import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { shellRoute } from '@/shell/app/shell-route';

export const connectionsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/connections',
  component: lazyPage(() => import('./connections-page'), 'ConnectionsPage'),
});

export const connectionRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/connections/$capability/$name',
  component: lazyPage(() => import('./connection-page'), 'ConnectionPage'),
});

export const connectionRoutes = [connectionsRoute, connectionRoute] as const;
