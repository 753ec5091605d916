import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { oneOf, search, words } from '@/shell/app/search';
import { shellRoute } from '@/shell/app/shell-route';
import { SOURCES, type Source, readSearch } from './audit-search';

export const auditRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/audit',
  validateSearch: readSearch,
  component: lazyPage(() => import('./audit-page'), 'AuditPage'),
});

export const auditRowRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/audit/row',
  validateSearch: search<{ source: Source; key: string }>({ source: oneOf(...SOURCES), key: words }),
  component: lazyPage(() => import('./audit-row-page'), 'AuditRowPage'),
});

export const auditRoutes = [auditRoute, auditRowRoute] as const;
