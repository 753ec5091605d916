import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext } from '@tanstack/react-router';
import { RouteError } from './page/route-error';
import { NotFoundPage } from './page/not-found-page';

export interface RouterContext {
  queryClient: QueryClient;
}

export const rootRoute = createRootRouteWithContext<RouterContext>()({
  errorComponent: RouteError,
  notFoundComponent: NotFoundPage,
});
