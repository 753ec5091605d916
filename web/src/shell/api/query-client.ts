import { QueryClient } from '@tanstack/react-query';
import { language } from '@/shell/i18n/language';
import { isProblem } from './problem';

const MOST_RETRIES = 6;

/**
 * Whether the host asks to repeat: the view has not caught up, or the package is being replaced.
 */
export function isWorthRepeating(failures: number, cause: unknown): boolean {
  return failures < MOST_RETRIES && isProblem(cause, 'view-behind', 'package-changed');
}

export function createQueryClient(): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        // `navigator.onLine` is wrong with a VPN; the host's responses decide.
        networkMode: 'always',
        retry: isWorthRepeating,
        retryDelay: failures => Math.min(300 * 2 ** failures, 3_000),
        staleTime: 10_000,
        refetchOnReconnect: false,
        // Forbidden and missing resources have a page; other errors are shown in place of the data.
        throwOnError: (cause, query) =>
          isProblem(cause) &&
          (cause.status === 403 || cause.status === 404) &&
          query.state.data === undefined,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
  // The host's sentences depend on the requested language.
  language.subscribe(() => void client.invalidateQueries());
  return client;
}
