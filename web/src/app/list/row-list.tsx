import type { RowData } from '@tanstack/react-table';
import { useDeferredValue, useEffect, useMemo } from 'react';
import type { Problem } from '@/api/problem';
import { useShellText } from '@/i18n/shell-text';
import { useFormat } from '@/i18n/format';
import { Button } from '@/ui/button';
import { ProblemAlert } from '../page/problem-alert';
import { matches } from './column';
import { Empty } from './empty';
import { RowCards } from './row-cards';
import type { RowListProps, RowSource } from './row-list-props';
import { RowTable } from './row-table';
import { useIsWide } from './use-is-wide';

/** Beyond this a text filter does not load the rest by itself. */
const MOST_SEARCHED = 2_000;

/** A list of any length: a table where there is room, cards where there is not. */
export function RowList<R extends RowData>(props: RowListProps<R>) {
  const { rows, columns, query = '', filtered, onClearFilters, empty } = props;
  const t = useShellText();
  const wide = useIsWide();
  const deferred = useDeferredValue(query);
  const shown = useMemo(
    () => rows.data?.filter(row => matches(row, columns, deferred)) ?? [],
    [rows.data, columns, deferred],
  );
  useLoadAllWhile(deferred.trim() !== '', rows);

  const error = rows.data === undefined ? (rows.error as Problem | null) : null;
  // A silent host has its banner; the list waits.
  if (error && error.status !== 0) return <ProblemAlert cause={error} onRetry={() => void rows.refetch()} />;
  const loading = rows.data === undefined;
  if (!loading && shown.length === 0 && !rows.isFetchingNextPage) {
    return filtered ? (
      <Empty sentence={t.list.noMatch}>
        {onClearFilters ? <Button onClick={onClearFilters}>{t.list.clear}</Button> : null}
      </Empty>
    ) : (
      empty
    );
  }
  const List = wide ? RowTable : RowCards;
  return (
    <div aria-busy={loading || rows.isPlaceholderData}>
      <List {...props} shown={shown} loading={loading} />
      {loading ? null : <Foot rows={rows} count={shown.length} />}
    </div>
  );
}

/** A text filter has to look at everything, not only at what happens to be loaded. */
function useLoadAllWhile<R>(searching: boolean, rows: RowSource<R>): void {
  const { hasNextPage, isFetchingNextPage, fetchNextPage, data } = rows;
  const more = searching && hasNextPage && !isFetchingNextPage && (data?.length ?? 0) < MOST_SEARCHED;
  useEffect(() => {
    if (more) fetchNextPage?.();
  }, [more, fetchNextPage, data]);
}

function Foot<R>({ rows, count }: { rows: RowSource<R>; count: number }) {
  const t = useShellText();
  const format = useFormat();
  const shown = format.number(count);
  return (
    <div className="flex min-h-12 flex-wrap items-center justify-between gap-3 px-1 pt-3 text-xs text-quiet">
      <p role="status">{rows.hasNextPage ? t.list.countMore(shown) : t.list.count(shown)}</p>
      {rows.hasNextPage ? (
        <Button
          size="small"
          busy={rows.isFetchingNextPage ?? false}
          onClick={() => void rows.fetchNextPage?.()}
        >
          {rows.isFetchingNextPage ? t.list.loadingMore : t.list.more}
        </Button>
      ) : null}
    </div>
  );
}
