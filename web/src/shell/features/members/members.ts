import {
  type InfiniteData,
  infiniteQueryOptions,
  queryOptions,
  useInfiniteQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { asRead } from '@/shell/api/basis';
import { answerOf, api } from '@/shell/api/client';
import type { PeopleSource } from '@/shell/app/people/people';
import type { paths } from '@/schema';

type Page = paths['/api/host/members']['get']['responses'][200]['content']['application/json'];
export type Member = Page['items'][number];
export type MemberBody =
  paths['/api/host/members/{actor}']['put']['requestBody']['content']['application/json'];
export type Role =
  paths['/api/host/roles']['get']['responses'][200]['content']['application/json']['items'][number];

/** Prefix of the keys of members and groups, which change together. */
export const DIRECTORY = ['host', 'directory'] as const;

export interface MembersSearch {
  /** Words of name or mail address. */
  q?: string | undefined;
  /** `deputy`: only members who have one; `removed`: removed members too. */
  show?: 'deputy' | 'removed' | undefined;
}

const membersQuery = ({ q, show }: MembersSearch) =>
  infiniteQueryOptions({
    queryKey: [...DIRECTORY, 'members', q ?? '', show ?? ''],
    queryFn: ({ pageParam, signal }): Promise<Page> => {
      const query = {
        ...(q ? { q } : {}),
        ...(show ? { [show]: 'true' as const } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return answerOf(api.GET('/api/host/members', { params: { query }, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page) => page.next,
    select: joined,
  });

function joined(data: InfiniteData<Page>): Member[] {
  return data.pages.flatMap(page => page.items);
}

/** Members by name, page by page. */
export const useMembers = (search: MembersSearch) =>
  useInfiniteQuery({ ...membersQuery(search), placeholderData: last => last });

/** Polling interval in milliseconds, since members have no live updates. */
const LOOK = 15_000;

export const memberQuery = (actor: string) =>
  queryOptions({
    queryKey: [...DIRECTORY, 'member', actor],
    refetchInterval: LOOK,
    queryFn: ({ signal }): Promise<Member> =>
      answerOf(api.GET('/api/host/members/{actor}', { params: { path: { actor } }, signal })),
  });

type OpenItems =
  paths['/api/host/members/{actor}/open-items']['get']['responses'][200]['content']['application/json'];
export type OpenItem = OpenItems['own']['items'][number];

/** Open items that belong to a member or wait for the member, in all products. */
export const openItemsQuery = (actor: string) =>
  queryOptions({
    queryKey: [...DIRECTORY, 'open-items', actor],
    queryFn: ({ signal }): Promise<OpenItems> =>
      answerOf(api.GET('/api/host/members/{actor}/open-items', { params: { path: { actor } }, signal })),
  });

export const rolesQuery = queryOptions({
  queryKey: [...DIRECTORY, 'roles'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/roles', { signal })),
  select: (answer): Role[] => answer.items,
});

/** Changes of a member; each resolves when the change is shown. */
export function useMemberChanges(actor: string) {
  const client = useQueryClient();
  const params = { path: { actor } };
  const shown = async (sent: Promise<unknown>): Promise<void> => {
    // Also after a refusal, whose reason may be the present state.
    await sent.finally(() => client.invalidateQueries({ queryKey: DIRECTORY }));
  };
  return {
    /** Reads the member again. */
    read: () => client.fetchQuery({ ...memberQuery(actor), staleTime: 0 }),
    /** Sets the values unless they are not those that the person saw, by their tag. */
    change: (body: MemberBody, tag: string) =>
      shown(
        answerOf(api.PUT('/api/host/members/{actor}', { params: { ...params, header: asRead(tag) }, body })),
      ),
    remove: () => shown(answerOf(api.DELETE('/api/host/members/{actor}', { params }))),
  };
}

/** Current members of the tenant, for people who manage them. */
export const membersSource: PeopleSource = {
  name: 'members',
  listsAll: true,
  find: async (q, signal) => {
    const query = q ? { q } : {};
    const { items, next } = await answerOf(api.GET('/api/host/members', { params: { query }, signal }));
    return {
      items: items.map(({ actor, name, email }) => ({ actor, name, detail: email })),
      more: next !== null,
    };
  },
};
