import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { shellRoute } from '@/shell/app/shell-route';

export const mailSettingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/mail-settings',
  component: lazyPage(() => import('./mail-settings-page'), 'MailSettingsPage'),
});

export const mailSettingsRoutes = [mailSettingsRoute] as const;
