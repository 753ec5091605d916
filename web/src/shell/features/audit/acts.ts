import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';

/** What acts are called, the host's and the products': for suggestions, so that it does not matter when they are missing. */
export const actsQuery = queryOptions({
  queryKey: ['host', 'audit-acts'],
  staleTime: Infinity,
  throwOnError: false,
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/audit/acts', { signal })),
  select: answer => answer.items,
});
