import { type InfiniteData, infiniteQueryOptions, queryOptions, useQueryClient } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';
import type { paths } from '@/schema';

type Answer = paths['/api/host/settings']['get']['responses'][200]['content']['application/json'];
type HistoryPath = '/api/host/settings/{plugin}/history';
type Page = paths[HistoryPath]['get']['responses'][200]['content']['application/json'];

/** Settings of one product, with the fields of their form in the reader's language. */
export type ProductSettings = Answer['items'][number];
export type Setting = ProductSettings['fields'][number];
/** Change of the settings, with old and new values. */
export type Version = Page['items'][number];

/** Polling interval in milliseconds, since settings have no live updates. */
const LOOK = 10_000;

const KEY = ['host', 'settings'] as const;

export const settingsQuery = queryOptions({
  queryKey: KEY,
  refetchInterval: LOOK,
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/settings', { signal })),
  select: (answer): ProductSettings[] => answer.items,
});

/** `version` is part of the key, because a new version adds to the first page. */
export const historyQuery = ({ plugin, version }: ProductSettings) =>
  infiniteQueryOptions({
    queryKey: [...KEY, plugin, 'history', version],
    queryFn: ({ pageParam, signal }): Promise<Page> => {
      const params = { path: { plugin }, query: pageParam ? { cursor: pageParam } : {} };
      return answerOf(api.GET('/api/host/settings/{plugin}/history', { params, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page) => page.next,
    select: ({ pages }: InfiniteData<Page>): Version[] => pages.flatMap(page => page.items),
  });

/** Saves settings on the version that they were changed on; resolves when they are shown. */
export function useSetSettings(plugin: string) {
  const client = useQueryClient();
  return async (version: number, values: Record<string, unknown>): Promise<void> => {
    const request = { params: { path: { plugin } }, body: { version, values } };
    const sent = answerOf(api.PUT('/api/host/settings/{plugin}', request));
    // Also after a refusal, whose reason may be another version.
    await sent.finally(() => client.invalidateQueries({ queryKey: KEY, exact: true }));
  };
}
