import { queryOptions, useQuery } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';
import type { paths } from '@/schema';

type Answer = paths['/api/host/connection-types']['get']['responses'][200]['content']['application/json'];

/** Settings of a capability's connections, described by the host in the reader's language. */
export type ConnectionType = Answer['items'][number];
export type Setting = ConnectionType['fields'][number];

/** Constant per release of the host and language. */
export const connectionTypesQuery = queryOptions({
  queryKey: ['host', 'connection-types'],
  staleTime: Infinity,
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/connection-types', { signal })),
  select: (answer): ConnectionType[] => answer.items,
});

/** Returns the name of the system that a capability connects to. */
export function useKindName(): (capability: string) => string {
  const { data } = useQuery(connectionTypesQuery);
  return capability => data?.find(type => type.capability === capability)?.name ?? capability;
}
