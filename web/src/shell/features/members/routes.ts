import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { oneOf, search, words } from '@/shell/app/search';
import { shellRoute } from '@/shell/app/shell-route';

export const membersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/members',
  validateSearch: search<{ q: string; show: 'deputy' | 'removed' }>({
    q: words,
    show: oneOf('deputy', 'removed'),
  }),
  component: lazyPage(() => import('./members-page'), 'MembersPage'),
});

export const memberRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/members/$actor',
  component: lazyPage(() => import('./member-page'), 'MemberPage'),
});

export const memberRoutes = [membersRoute, memberRoute] as const;
