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
import type { ProductId, Row, RowsQuery, ViewName } from './contract';
import { useLiveView } from './live-views';

/** Rows in a page after the first: a person who goes on wants more than a look. The most that the host gives. */
const FURTHER = 200;

interface Page<P extends ProductId, V extends ViewName<P>> {
  items: Row<P, V>[];
  next: string | null;
}

export const viewId = (product: ProductId, view: string) => `${product}/${view}`;

/** What live changes invalidate: `['view', '<product>/<view>', 'list' | 'item', …]`. */
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
    // Not a new array with every look, or tables would begin again.
    select: joined<P, V>,
  });
}

function joined<P extends ProductId, V extends ViewName<P>>(data: InfiniteData<Page<P, V>>): Row<P, V>[] {
  return data.pages.flatMap(page => page.items);
}

/** The first rows alone, for what looks into several views. */
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
  /** Milliseconds between two looks, where rows change without an event that live updates could tell. */
  refetchInterval?: number | false;
}

/** A list that goes on page by page and keeps itself up to date. */
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

/** The whole of a list that is short by nature, such as what happened to one thing. */
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

/** One row that keeps itself up to date. */
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

/** Reads what was just written: the host waits until the view has come as far as `position`. */
export async function readOwnWrite<P extends ProductId>(
  client: QueryClient,
  product: P,
  view: ViewName<P>,
  key: string,
  position: string,
): Promise<void> {
  const queryKey = rowKey(product, view, key);
  // An older look that is still under way must not come in last.
  await client.cancelQueries({ queryKey });
  const row = await client.fetchQuery({
    queryKey: ['own-write', product, view, key, position],
    queryFn: ({ signal }) => fetchRow(product, view, key, position, signal),
    gcTime: 0,
  });
  client.setQueryData(queryKey, row);
}

// All views have one shape, which TypeScript cannot follow through an address that is put together.
function fetchPage<P extends ProductId, V extends ViewName<P>>(
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
