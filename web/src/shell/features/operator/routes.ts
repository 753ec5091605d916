import { createRoute } from '@tanstack/react-router';
import { search, words } from '@/shell/app/search';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { shellRoute } from '@/shell/app/shell-route';

export const tenantsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/operator/tenants',
  validateSearch: search<{ q: string }>({ q: words }),
  component: lazyPage(() => import('./tenants-page'), 'TenantsPage'),
});

export const tenantRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/operator/tenants/$slug',
  component: lazyPage(() => import('./tenant-page'), 'TenantPage'),
});

export const pluginsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/operator/plugins',
  component: lazyPage(() => import('./plugins-page'), 'PluginsPage'),
});

export const workflowsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/operator/workflows',
  component: lazyPage(() => import('./workflows-page'), 'WorkflowsPage'),
});

export const operatorRoutes = [tenantsRoute, tenantRoute, pluginsRoute, workflowsRoute] as const;
