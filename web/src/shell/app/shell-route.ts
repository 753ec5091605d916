import { createRoute } from '@tanstack/react-router';
import { rootRoute } from './root-route';
import { Shell } from './layout/shell';

/** The parent of every page that needs somebody signed in. */
export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  component: Shell,
});
