import {
  type InfiniteData,
  type QueryClient,
  infiniteQueryOptions,
  queryOptions,
  useInfiniteQuery,
  useQuery,
} from '@tanstack/react-query';
import { useEffect } from 'react';
import { answerOf, api } from './client';
import { useLiveView } from './live-views';
import type { components, paths } from './schema';

/** The product whose views are shown. */
export const PRODUCT = 'dcm';

type Path = keyof paths & `/api/dcm/views/${string}`;
export type ViewName = Exclude<Path extends `/api/dcm/views/${infer Name}` ? Name : never, `${string}/{key}`>;

/** A row of a view. The host always writes every column; those without a value are null. */
export type Row<V extends ViewName> = Required<components['schemas'][`dcm.${V}`]>;
export type Action = components['schemas']['Action'];

type ListQuery<V extends ViewName> = NonNullable<paths[`/api/dcm/views/${V}`]['get']['parameters']['query']>;
/** Filters of the view's columns, `sort` and `limit`. */
export type RowsQuery<V extends ViewName> = Omit<ListQuery<V>, 'cursor' | 'after'>;

/** Rows in a page after the first: whoever goes on wants more than a look. The most that the host gives. */
const FURTHER = 200;

/** Rows that say how old they are: the host looks again without an event, so there is nothing live to hear of it. */
const AGES: Partial<Record<ViewName, number>> = { vms: 60_000 };

interface Page<V extends ViewName> {
  items: Row<V>[];
  next: string | null;
}

export const viewId = (view: ViewName) => `${PRODUCT}/${view}`;

/** What live changes invalidate: `['view', 'dcm/requests', 'list' | 'item', …]`. */
export const rowsKey = (view: ViewName) => ['view', viewId(view), 'list'] as const;
export const rowKey = (view: ViewName, key: string) => ['view', viewId(view), 'item', key] as const;

export function rowsQuery<V extends ViewName>(view: V, query: RowsQuery<V>) {
  return infiniteQueryOptions({
    queryKey: [...rowsKey(view), query],
    queryFn: ({ pageParam, signal }) =>
      fetchPage<V>(view, pageParam ? { ...query, cursor: pageParam, limit: FURTHER } : query, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page<V>) => page.next,
    // Not a new array with every look, or tables would begin anew.
    select: joined<V>,
  });
}

function joined<V extends ViewName>(data: InfiniteData<Page<V>>): Row<V>[] {
  return data.pages.flatMap(page => page.items);
}

export function rowQuery<V extends ViewName>(view: V, key: string) {
  return queryOptions({
    queryKey: rowKey(view, key),
    queryFn: ({ signal }) => fetchRow<V>(view, key, undefined, signal),
  });
}

/** A list that goes on page by page and keeps itself up to date. */
export function useRows<V extends ViewName>(view: V, query: RowsQuery<V>, options?: { enabled?: boolean }) {
  const again = { refetchInterval: AGES[view] ?? false } as const;
  const result = useInfiniteQuery({
    ...rowsQuery(view, query),
    placeholderData: last => last,
    ...again,
    ...options,
  });
  useLiveView(viewId(view), result.isSuccess);
  return result;
}

/** The whole of a list that is short by nature, such as what happened to one thing. */
export function useAllRows<V extends ViewName>(
  view: V,
  query: RowsQuery<V>,
  options?: { enabled?: boolean },
) {
  const result = useRows(view, query, options);
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = result;
  const more = hasNextPage && !isFetching && !isFetchNextPageError;
  useEffect(() => {
    if (more) void fetchNextPage();
  }, [more, fetchNextPage]);
  return result;
}

/** One row that keeps itself up to date. */
export function useRow<V extends ViewName>(
  view: V,
  key: string,
  options?: { enabled?: boolean; throwOnError?: boolean },
) {
  const result = useQuery({ ...rowQuery(view, key), refetchInterval: AGES[view] ?? false, ...options });
  useLiveView(viewId(view), result.isSuccess);
  return result;
}

/** Reads what was just written: the host waits until the view has come as far as `position`. */
export async function readOwnWrite(
  client: QueryClient,
  view: ViewName,
  key: string,
  position: string,
): Promise<void> {
  const queryKey = rowKey(view, key);
  // An older look that is still under way must not come in last.
  await client.cancelQueries({ queryKey });
  const row = await client.fetchQuery({
    queryKey: ['own-write', view, key, position],
    queryFn: ({ signal }) => fetchRow(view, key, position, signal),
    gcTime: 0,
  });
  client.setQueryData(queryKey, row);
}

// The paths of all views have one shape, but a union of them has none that the client's types could follow: one stands for all.
function fetchPage<V extends ViewName>(view: V, query: object, signal: AbortSignal): Promise<Page<V>> {
  const path = `/api/dcm/views/${view}` as '/api/dcm/views/requests';
  return answerOf(api.GET(path, { params: { query }, signal })) as Promise<unknown> as Promise<Page<V>>;
}

function fetchRow<V extends ViewName>(
  view: V,
  key: string,
  after: string | undefined,
  signal: AbortSignal,
): Promise<Row<V>> {
  const path = `/api/dcm/views/${view}/{key}` as '/api/dcm/views/requests/{key}';
  const params = { path: { key }, query: after ? { after } : {} };
  return answerOf(api.GET(path, { params, signal })) as Promise<unknown> as Promise<Row<V>>;
}
