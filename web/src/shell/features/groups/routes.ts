import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { search, words } from '@/shell/app/search';
import { shellRoute } from '@/shell/app/shell-route';

export const groupsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/groups',
  validateSearch: search<{ q: string }>({ q: words }),
  component: lazyPage(() => import('./groups-page'), 'GroupsPage'),
});

export const groupRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/groups/$group',
  component: lazyPage(() => import('./group-page'), 'GroupPage'),
});

export const groupRoutes = [groupsRoute, groupRoute] as const;
