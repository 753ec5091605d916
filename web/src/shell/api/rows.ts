import {
  type InfiniteData,
  type QueryClient,
  infiniteQueryOptions,
  queryOptions,
  useInfiniteQuery,
  useQueries,
  useQuery,
} from '@tanstack/react-query';
import { useEffect } from 'react';
import { answerOf, api } from './client';
import type { ProductId, Row, RowsQuery, ViewName } from './contract';
import { useLiveView } from './live-views';

/** Number of rows per further page, which is the host's maximum. */
const FURTHER = 200;

interface Page<P extends ProductId, V extends ViewName<P>> {
  items: Row<P, V>[];
  next: string | null;
}

export const viewId = (product: ProductId, view: string) => `${product}/${view}`;

/** Query key that live updates invalidate: `['view', '<product>/<view>', 'list' | 'item', …]`. */
export const rowsKey = (product: ProductId, view: string) => ['view', viewId(product, view), 'list'] as const;
export const rowKey = (product: ProductId, view: string, key: string) =>
  ['view', viewId(product, view), 'item', key] as const;

export function rowsQuery<P extends ProductId, V extends ViewName<P>>(
  product: P,
  view: V,
  query: RowsQuery<P, V>,
) {
  return infiniteQueryOptions({
    queryKey: [...rowsKey(product, view), query],
    queryFn: ({ pageParam, signal }) =>
      fetchPage<P, V>(
        product,
        view,
        pageParam ? { ...query, cursor: pageParam, limit: FURTHER } : query,
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page<P, V>) => page.next,
    // A stable array, so that tables do not render again with every request.
    select: joined<P, V>,
  });
}

function joined<P extends ProductId, V extends ViewName<P>>(data: InfiniteData<Page<P, V>>): Row<P, V>[] {
  return data.pages.flatMap(page => page.items);
}

/** Query of the first rows, for the search in several views. */
export function firstRowsQuery<P extends ProductId, V extends ViewName<P>>(
  product: P,
  view: V,
  query: { search?: string; sort?: string; limit: number },
) {
  return queryOptions({
    queryKey: [...rowsKey(product, view), 'first', query],
    queryFn: async ({ signal }) => (await fetchPage<P, V>(product, view, query, signal)).items,
  });
}

export function rowQuery<P extends ProductId, V extends ViewName<P>>(product: P, view: V, key: string) {
  return queryOptions({
    queryKey: rowKey(product, view, key),
    queryFn: ({ signal }) => fetchRow<P, V>(product, view, key, undefined, signal),
  });
}

export interface RowsOptions {
  enabled?: boolean;
  /** Milliseconds between two requests, for views whose rows change without an event. */
  refetchInterval?: number | false;
}

/** List that loads page by page and follows live updates. */
export function useRows<P extends ProductId, V extends ViewName<P>>(
  product: P,
  view: V,
  query: RowsQuery<P, V>,
  options?: RowsOptions,
) {
  const result = useInfiniteQuery({
    ...rowsQuery(product, view, query),
    placeholderData: last => last,
    ...options,
  });
  useLiveView(viewId(product, view), result.isSuccess);
  return result;
}

/** Complete list, for lists that are short, such as the events of one thing. */
export function useAllRows<P extends ProductId, V extends ViewName<P>>(
  product: P,
  view: V,
  query: RowsQuery<P, V>,
  options?: RowsOptions,
) {
  const result = useRows(product, view, query, options);
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = result;
  const more = hasNextPage && !isFetching && !isFetchNextPageError;
  useEffect(() => {
    if (more) void fetchNextPage();
  }, [more, fetchNextPage]);
  return result;
}

export interface RowOptions extends RowsOptions {
  throwOnError?: boolean;
}

/** Row that follows live updates. */
export function useRow<P extends ProductId, V extends ViewName<P>>(
  product: P,
  view: V,
  key: string,
  options?: RowOptions,
) {
  const result = useQuery({ ...rowQuery(product, view, key), ...options });
  useLiveView(viewId(product, view), result.isSuccess);
  return result;
}

/** Rows by key, as far as they could be read. They follow live updates. */
export function useRowsByKey<P extends ProductId, V extends ViewName<P>>(
  product: P,
  view: V,
  keys: readonly string[],
): ReadonlyMap<string, Row<P, V>> {
  const found = useQueries({
    queries: keys.map(key => ({ ...rowQuery(product, view, key), throwOnError: false })),
    combine: results => results.flatMap(({ data }) => (data ? [data] : [])),
  });
  useLiveView(viewId(product, view), found.length > 0);
  return new Map(found.map(row => [row.key, row]));
}

/** Reads a row after a write: the host waits until the view has reached `position`. */
export async function readOwnWrite<P extends ProductId>(
  client: QueryClient,
  product: P,
  view: ViewName<P>,
  key: string,
  position: string,
): Promise<void> {
  const queryKey = rowKey(product, view, key);
  // An older request in progress must not overwrite the newer result.
  await client.cancelQueries({ queryKey });
  const row = await client.fetchQuery({
    queryKey: ['own-write', product, view, key, position],
    queryFn: ({ signal }) => fetchRow(product, view, key, position, signal),
    gcTime: 0,
  });
  client.setQueryData(queryKey, row);
}

// All views share one shape, which TypeScript cannot infer from a computed path.
export function fetchPage<P extends ProductId, V extends ViewName<P>>(
  product: P,
  view: V,
  query: object,
  signal: AbortSignal,
): Promise<Page<P, V>> {
  const path = `/api/${product}/views/${view}`;
  return answerOf<Page<P, V>>(api.GET(path as never, { params: { query }, signal } as never));
}

function fetchRow<P extends ProductId, V extends ViewName<P>>(
  product: P,
  view: V,
  key: string,
  after: string | undefined,
  signal: AbortSignal,
): Promise<Row<P, V>> {
  const path = `/api/${product}/views/${view}/{key}`;
  const params = { path: { key }, query: after ? { after } : {} };
  return answerOf<Row<P, V>>(api.GET(path as never, { params, signal } as never));
}
