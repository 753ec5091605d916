import '@fontsource-variable/ibm-plex-sans';
import '@fontsource/ibm-plex-mono/400.css';
import '@fontsource/ibm-plex-mono/500.css';
import './app.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { products } from './products';
import { Problem } from './shell/api/problem';
import { createQueryClient } from './shell/api/query-client';
import { ProductsContext } from './shell/app/product';
import { createAppRouter } from './shell/app/router';

const queryClient = createQueryClient();
const router = createAppRouter(
  { queryClient, products },
  products.flatMap(({ routes }) => routes),
);

declare module '@tanstack/react-router' {
  // Links are checked against all pages of the shell and the products.
  interface Register {
    router: typeof router;
  }
}

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

createRoot(root, {
  // Refusals of the host have a page; the console shows only bugs of the client.
  onCaughtError: error => {
    if (!(error instanceof Problem)) reportError(error);
  },
}).render(
  <StrictMode>
    <ProductsContext value={products}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </ProductsContext>
  </StrictMode>,
);
