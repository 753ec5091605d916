import { queryOptions, useQuery } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';
import type { paths } from '@/schema';

type Answer = paths['/api/host/connection-types']['get']['responses'][200]['content']['application/json'];

/** How connections of one capability are set: the host says it, in the reader's language. */
export type ConnectionType = Answer['items'][number];
export type Setting = ConnectionType['fields'][number];

/** They change with the host's release and with the language alone. */
export const connectionTypesQuery = queryOptions({
  queryKey: ['host', 'connection-types'],
  staleTime: Infinity,
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/connection-types', { signal })),
  select: (answer): ConnectionType[] => answer.items,
});

/** What kind of system a connection leads to, for people. */
export function useKindName(): (capability: string) => string {
  const { data } = useQuery(connectionTypesQuery);
  return capability => data?.find(type => type.capability === capability)?.name ?? capability;
}
