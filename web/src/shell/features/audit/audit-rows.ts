import { type InfiniteData, infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { answerOf, api } from '@/shell/api/client';
import type { paths } from '@/schema';
import type { RowSource } from '@/shell/app/list/row-list-props';
import { type AuditSearch, toQuery } from './audit-search';

type Page = paths['/api/host/audit']['get']['responses'][200]['content']['application/json'];
export type AuditItem = Page['items'][number];

/** A page may be empty and yet not the last: the host looks through so many rows at a time. So many are asked for at once. */
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
  /** What is called as it was searched for. */
  things: Found[];
  /** Nothing was found yet, and not everything was looked through. */
  unfinished: boolean;
  /** Looks through the next stretch. */
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
  // While it goes on by itself there is no answer yet.
  const items = goesOn ? undefined : data?.items;
  const goFurther = () => {
    setMost((data?.pages ?? 0) + STRETCH);
    void fetchNextPage();
  };
  return { ...query, data: items, things: data?.things ?? [], unfinished: empty ?? false, goFurther };
}
