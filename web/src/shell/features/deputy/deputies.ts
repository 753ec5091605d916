import { queryOptions, useQueryClient } from '@tanstack/react-query';
import type { BasisHeader } from '@/shell/api/basis';
import { answerOf, api } from '@/shell/api/client';
import type { PeopleSource } from '@/shell/app/people/people';
import { DIRECTORY, membersSource } from '@/shell/features/members/members';
import type { paths } from '@/schema';

type Own = paths['/api/session/deputy']['get']['responses'][200]['content']['application/json'];
export type Deputy = NonNullable<Own['deputy']>;
export type DeputyBody = paths['/api/session/deputy']['put']['requestBody']['content']['application/json'];

/** Polling interval in milliseconds: a period begins and ends without an act. */
const LOOK = 60_000;

const KEY = ['host', 'deputy'] as const;

export const ownDeputyQuery = queryOptions({
  queryKey: KEY,
  refetchInterval: LOOK,
  queryFn: ({ signal }): Promise<Own> => answerOf(api.GET('/api/session/deputy', { signal })),
});

/** Sets and ends a deputy; each resolves when the change is shown. */
export interface DeputyChanges {
  source: PeopleSource;
  /** Sets a deputy in place of the one that the person saw. */
  set: (body: DeputyBody, header: BasisHeader) => Promise<void>;
  end: () => Promise<void>;
}

function useShown() {
  const client = useQueryClient();
  return async (sent: Promise<unknown>): Promise<void> => {
    // Also after a refusal, whose reason may be the present state.
    await sent.finally(() =>
      Promise.all([
        client.invalidateQueries({ queryKey: KEY }),
        client.invalidateQueries({ queryKey: DIRECTORY }),
      ]),
    );
  };
}

/** Other members of the tenant, by name alone. */
export const colleaguesSource: PeopleSource = {
  name: 'colleagues',
  listsAll: false,
  find: (q, signal) => answerOf(api.GET('/api/session/colleagues', { params: { query: { q } }, signal })),
};

export function useOwnDeputy(): DeputyChanges {
  const shown = useShown();
  return {
    source: colleaguesSource,
    set: (body, header) => shown(answerOf(api.PUT('/api/session/deputy', { params: { header }, body }))),
    end: () => shown(answerOf(api.DELETE('/api/session/deputy'))),
  };
}

/** Deputy of another member, for people who manage members. */
export function useDeputyOf(actor: string): DeputyChanges {
  const shown = useShown();
  const params = { path: { actor } };
  return {
    source: membersSource,
    set: (body, header) =>
      shown(answerOf(api.PUT('/api/host/members/{actor}/deputy', { params: { ...params, header }, body }))),
    end: () => shown(answerOf(api.DELETE('/api/host/members/{actor}/deputy', { params }))),
  };
}
