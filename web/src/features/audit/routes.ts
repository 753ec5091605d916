import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { shellRoute } from '@/app/shell-route';
import { readSearch } from './audit-search';

export const auditRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/audit',
  validateSearch: readSearch,
  component: lazyRouteComponent(() => import('./audit-page'), 'AuditPage'),
});

export const auditRoutes = [auditRoute] as const;
