import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/app/page/lazy-page';
import { shellRoute } from '@/app/shell-route';
import { readSearch } from './audit-search';

export const auditRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/audit',
  validateSearch: readSearch,
  component: lazyPage(() => import('./audit-page'), 'AuditPage'),
});

export const auditRoutes = [auditRoute] as const;
