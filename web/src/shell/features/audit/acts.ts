import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';

/**
 * Names of acts of the host and the products, as suggestions, so the filter also works without
 * them.
 */
export const actsQuery = queryOptions({
  queryKey: ['host', 'audit-acts'],
  staleTime: Infinity,
  throwOnError: false,
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/audit/acts', { signal })),
  select: answer => answer.items,
});
