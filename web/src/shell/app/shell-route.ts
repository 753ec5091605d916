import { createRoute } from '@tanstack/react-router';
import { rootRoute } from './root-route';
import { Shell } from './layout/shell';

/** Parent of all pages that require a session. */
export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  component: Shell,
});
