import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { search, words } from '@/app/search';
import { shellRoute } from '@/app/shell-route';

export const tenantsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/operator/tenants',
  validateSearch: search<{ q: string }>({ q: words }),
  component: lazyRouteComponent(() => import('./tenants-page'), 'TenantsPage'),
});

export const pluginsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/operator/plugins',
  component: lazyRouteComponent(() => import('./plugins-page'), 'PluginsPage'),
});

export const workflowsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/operator/workflows',
  component: lazyRouteComponent(() => import('./workflows-page'), 'WorkflowsPage'),
});

export const operatorRoutes = [tenantsRoute, pluginsRoute, workflowsRoute] as const;
