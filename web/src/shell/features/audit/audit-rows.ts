import { type InfiniteData, infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { answerOf, api } from '@/shell/api/client';
import type { paths } from '@/schema';
import type { RowSource } from '@/shell/app/list/row-list-props';
import { type AuditSearch, toQuery } from './audit-search';

type Page = paths['/api/host/audit']['get']['responses'][200]['content']['application/json'];
export type AuditItem = Page['items'][number];

/**
 * Number of pages to request in sequence. The host reads a limited number of rows per page, so a
 * page may be empty and not the last.
 */
const STRETCH = 10;

const auditQuery = (filters: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: ['host', 'audit', toQuery(filters)],
    queryFn: ({ pageParam, signal }): Promise<Page> => {
      const query = { ...toQuery(filters), ...(pageParam ? { cursor: pageParam } : {}) };
      return answerOf(api.GET('/api/host/audit', { params: { query }, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page) => page.next,
    select: joined,
  });

type Found = Page['things'][number];

interface Joined {
  items: AuditItem[];
  things: Found[];
  pages: number;
}

function joined(data: InfiniteData<Page>): Joined {
  const items = data.pages.flatMap(page => page.items);
  return { items, things: data.pages[0]?.things ?? [], pages: data.pages.length };
}

export interface AuditRows extends RowSource<AuditItem> {
  /** Things whose names match the search. */
  things: Found[];
  /** Whether no row was found so far and the search is incomplete. */
  unfinished: boolean;
  /** Searches the next pages. */
  goFurther: () => void;
}

export function useAuditRows(filters: AuditSearch): AuditRows {
  const query = useInfiniteQuery({ ...auditQuery(filters), placeholderData: last => last });
  const { data, hasNextPage, isFetchingNextPage, isPlaceholderData, fetchNextPage, error } = query;
  const empty = data?.items.length === 0 && hasNextPage && !isPlaceholderData;
  const [most, setMost] = useState(STRETCH);
  const goesOn = empty && data.pages < most && !error;
  useEffect(() => {
    if (goesOn && !isFetchingNextPage) void fetchNextPage();
  }, [goesOn, isFetchingNextPage, fetchNextPage]);
  // Undefined during the search, because an answer is not available yet.
  const items = goesOn ? undefined : data?.items;
  const goFurther = () => {
    setMost((data?.pages ?? 0) + STRETCH);
    void fetchNextPage();
  };
  return { ...query, data: items, things: data?.things ?? [], unfinished: empty ?? false, goFurther };
}
