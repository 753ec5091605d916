import { useLocation } from '@tanstack/react-router';
import type { RowData } from '@tanstack/react-table';
import { useDeferredValue, useEffect, useMemo, useRef } from 'react';
import { shownHere } from '@/shell/api/problem';
import { useShellText } from '@/shell/i18n/shell-text';
import { useFormat } from '@/shell/i18n/format';
import { Button } from '@/shell/ui/button';
import { ProblemAlert } from '../page/problem-alert';
import { matches } from './column';
import { Empty } from './empty';
import { FreshNote } from './fresh-note';
import { LoadMore, MoreFailed, moreFailed } from './load-more';
import { RowCards } from './row-cards';
import type { RowListProps, RowSource, ShownRowsProps } from './row-list-props';
import { RowTable } from './row-table';
import { usePrinting } from './use-printing';
import { useWidth } from './use-width';
import { useSteadyRows } from './use-steady-rows';

/** Number of rows up to which a text filter loads further rows by itself. */
const MOST_SEARCHED = 2_000;
/**
 * Number of rows up to which all are rendered, so that the browser's search, selection and printing
 * find them.
 */
const MOST_DRAWN = 200;

/** List of any length: a table on wide screens, cards on narrow ones. */
export function RowList<R extends RowData>(props: RowListProps<R>) {
  const { rows, columns, query = '', filtered, onClearFilters, empty } = props;
  const t = useShellText();
  const deferred = useDeferredValue(query);
  const shown = useMemo(
    () => rows.data?.filter(row => matches(row, columns, deferred)) ?? [],
    [rows.data, columns, deferred],
  );
  useLoadAllWhile(deferred.trim() !== '', rows);
  const steady = useSteadyRows(shown, props.rowId, useScope(rows.isPlaceholderData, deferred));

  const loading = rows.data === undefined;
  if (loading && shownHere(rows.error))
    return <ProblemAlert cause={rows.error} onRetry={() => void rows.refetch()} />;
  // An incomplete search does not prove that no row matches.
  if (!loading && steady.rows.length === 0 && !rows.isFetchingNextPage && !moreFailed(rows)) {
    return filtered ? (
      <Empty sentence={t.list.noMatch}>
        {onClearFilters ? <Button onClick={onClearFilters}>{t.list.clear}</Button> : null}
      </Empty>
    ) : (
      empty
    );
  }
  return (
    <div aria-busy={loading || rows.isPlaceholderData} {...steady.place}>
      <FreshNote fresh={steady.fresh} update={steady.update} />
      <Rows {...props} shown={steady.rows} gone={steady.gone} loading={loading} />
      {loading ? null : <Foot rows={rows} count={steady.rows.length} keys={props.link !== undefined} />}
    </div>
  );
}

/** Width in px from which a table has more than two columns. */
const TABLE_FROM = 560;
/** Width in px of A4 in landscape, at 96 px per inch. */
const PAPER = 1040;
/** Width in px in tests, where elements have no layout. */
const UNKNOWN = 1200;

/**
 * Table or cards, chosen by the width of the list and not of the window, since the navigation takes
 * a part.
 */
function Rows<R extends RowData>(props: Omit<ShownRowsProps<R>, 'drawAll'>) {
  const box = useRef<HTMLDivElement>(null);
  const measured = useWidth(box);
  const printing = usePrinting();
  const width = printing ? PAPER : measured === 0 ? UNKNOWN : measured;
  const drawAll = printing || props.shown.length <= MOST_DRAWN;
  return (
    <div ref={box}>
      {width === undefined ? null : width < TABLE_FROM ? (
        <RowCards {...props} drawAll={drawAll} />
      ) : (
        <RowTable {...props} drawAll={drawAll} width={width} />
      )}
    </div>
  );
}

/** Scope of the list: filters, order and tabs in the address. */
function useScope(isPlaceholder: boolean | undefined, query: string): string {
  const address = useLocation({ select: location => location.searchStr });
  return `${address} ${isPlaceholder ? 'former' : ''} ${query}`;
}

/** Loads all rows during a text search, which must include rows that are not loaded. */
function useLoadAllWhile<R>(searching: boolean, rows: RowSource<R>): void {
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage, data } = rows;
  const idle = !isFetchingNextPage && !isFetchNextPageError;
  const more = searching && hasNextPage && idle && (data?.length ?? 0) < MOST_SEARCHED;
  useEffect(() => {
    if (more) fetchNextPage?.();
  }, [more, fetchNextPage, data]);
}

function Foot<R>({ rows, count, keys }: { rows: RowSource<R>; count: number; keys: boolean }) {
  const t = useShellText();
  const format = useFormat();
  const shown = format.number(count);
  return (
    <div className="grid gap-3 pt-3">
      <MoreFailed rows={rows} />
      <div className="flex min-h-9 flex-wrap items-center justify-between gap-3 px-1 text-xs text-quiet">
        <p role="status">{rows.hasNextPage ? t.list.countMore(shown) : t.list.count(shown)}</p>
        {keys && count > 0 ? <p className="hidden @2xl:block print:hidden">{t.list.keys}</p> : null}
        <LoadMore rows={rows} size="small" />
      </div>
    </div>
  );
}
