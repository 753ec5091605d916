import { QueryClient } from '@tanstack/react-query';
import { language } from '@/shell/i18n/language';
import { isProblem } from './problem';

const MOST_RETRIES = 6;

/** Only what the host itself asks to repeat: a view that has not caught up yet, a package that is just being replaced. */
export function isWorthRepeating(failures: number, cause: unknown): boolean {
  return failures < MOST_RETRIES && isProblem(cause, 'view-behind', 'package-changed');
}

export function createQueryClient(): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        // The browser's own idea of being online is wrong on a machine with a tunnel; the host's silence is found out.
        networkMode: 'always',
        retry: isWorthRepeating,
        retryDelay: failures => Math.min(300 * 2 ** failures, 3_000),
        staleTime: 10_000,
        refetchOnReconnect: false,
        // A page of its own for what may not be seen or is not there; anything else stands where the data would be.
        throwOnError: (cause, query) =>
          isProblem(cause) &&
          (cause.status === 403 || cause.status === 404) &&
          query.state.data === undefined,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
  // The host's sentences come in the language that was asked for.
  language.subscribe(() => void client.invalidateQueries());
  return client;
}
