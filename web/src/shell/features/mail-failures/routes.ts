import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { search, words } from '@/shell/app/search';
import { shellRoute } from '@/shell/app/shell-route';

export const mailFailuresRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/mail-failures',
  validateSearch: search<{ q: string }>({ q: words }),
  component: lazyPage(() => import('./mail-failures-page'), 'MailFailuresPage'),
});

export const mailFailureRoutes = [mailFailuresRoute] as const;
