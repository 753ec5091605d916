import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext } from '@tanstack/react-router';
import type { Product } from './product';
import { RouteError } from './page/route-error';
import { NotFoundPage } from './page/not-found-page';

export interface RouterContext {
  queryClient: QueryClient;
  products: readonly Product[];
}

export const rootRoute = createRootRouteWithContext<RouterContext>()({
  errorComponent: RouteError,
  notFoundComponent: NotFoundPage,
});
