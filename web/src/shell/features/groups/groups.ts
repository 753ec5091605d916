import {
  type InfiniteData,
  infiniteQueryOptions,
  queryOptions,
  useInfiniteQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { BasisHeader } from '@/shell/api/basis';
import { answerOf, api } from '@/shell/api/client';
import { DIRECTORY } from '@/shell/features/members/members';
import type { paths } from '@/schema';

export type Group =
  paths['/api/host/groups']['get']['responses'][200]['content']['application/json']['items'][number];
type Page = paths['/api/host/groups/{group}/members']['get']['responses'][200]['content']['application/json'];
export type GroupMember = Page['items'][number];

export const groupsQuery = queryOptions({
  queryKey: [...DIRECTORY, 'groups'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/groups', { signal })),
  select: (answer): Group[] => answer.items,
});

const groupMembersQuery = (group: string) =>
  infiniteQueryOptions({
    queryKey: [...DIRECTORY, 'group-members', group],
    queryFn: ({ pageParam, signal }): Promise<Page> => {
      const params = { path: { group }, query: pageParam ? { cursor: pageParam } : {} };
      return answerOf(api.GET('/api/host/groups/{group}/members', { params, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page) => page.next,
    select: joined,
  });

function joined(data: InfiniteData<Page>): GroupMember[] {
  return data.pages.flatMap(page => page.items);
}

/** Members of a group by name, page by page. */
export const useGroupMembers = (group: string) => useInfiniteQuery(groupMembersQuery(group));

const of = (group: string, actor: string) => ({ path: { group, actor } });

/** Changes of groups; each resolves when the change is shown. */
export function useGroupChanges() {
  const client = useQueryClient();
  const shown = async (sent: Promise<unknown>): Promise<void> => {
    // Also after a refusal, whose reason may be the present state.
    await sent.finally(() => client.invalidateQueries({ queryKey: DIRECTORY }));
  };
  return {
    /** Group with this key in the host's present list. */
    find: async (key: string) => {
      const { items } = await client.fetchQuery({ ...groupsQuery, staleTime: 0 });
      return items.find(group => group.key === key);
    },
    /** Adds a group, or renames it, on the basis that the person saw. */
    put: (group: string, name: string, header: BasisHeader) =>
      shown(
        answerOf(
          api.PUT('/api/host/groups/{group}', { params: { path: { group }, header }, body: { name } }),
        ),
      ),
    /** Deletes a group; `leave` leaves its page before the list is read again. */
    remove: async (group: string, leave: () => Promise<void>) => {
      await answerOf(api.DELETE('/api/host/groups/{group}', { params: { path: { group } } }));
      await leave();
      await client.invalidateQueries({ queryKey: DIRECTORY });
    },
    addMember: (group: string, actor: string) =>
      shown(answerOf(api.PUT('/api/host/groups/{group}/members/{actor}', { params: of(group, actor) }))),
    removeMember: (group: string, actor: string) =>
      shown(answerOf(api.DELETE('/api/host/groups/{group}/members/{actor}', { params: of(group, actor) }))),
  };
}
