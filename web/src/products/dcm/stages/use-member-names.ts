import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import { may, useSession } from '@/shell/api/session';
import { memberQuery } from '@/shell/features/members/members';

/** Names of members by actor id; empty for people who may not read the directory. */
export function useMemberNames(actors: readonly string[]): ReadonlyMap<string, string> {
  const enabled = may(useSession(), 'host.members');
  const people = useQueries({
    queries: (enabled ? [...new Set(actors)] : []).map(personQuery),
    combine: results => results.flatMap(({ data }) => (data ? [data] : [])),
  });
  return useMemo(() => new Map(people.map(({ actor, name }) => [actor, name])), [people]);
}

const personQuery = (actor: string) => ({
  ...memberQuery(actor),
  refetchInterval: false as const,
  retry: false,
  throwOnError: false,
});
