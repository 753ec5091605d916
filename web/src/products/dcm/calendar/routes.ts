import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { shellRoute } from '@/shell/app/shell-route';

const calendarRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/admin/calendar',
  component: lazyPage(() => import('./calendar-page'), 'CalendarPage'),
});

export const calendarRoutes = [calendarRoute] as const;
