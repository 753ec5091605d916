import { type ColumnDef, type RowData, tableFeatures, useTable } from '@tanstack/react-table';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type ReactNode, useCallback, useMemo, useRef } from 'react';
import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { cn } from '@/shell/ui/cn';
import { Skeleton } from '@/shell/ui/skeleton';
import type { RowColumn } from './column';
import type { ShownRowsProps } from './row-list-props';
import { RowName } from './row-name';
import { useFittedColumns } from './use-fitted-columns';
import { useListKeys } from './use-list-keys';
import { useOffsetTop } from './use-offset-top';

const ROW_HEIGHT = 49;
const SKELETONS = 6;
/** Width in px of the borders. */
const BORDERS = 2;

// The host filters and sorts; the table library only handles columns, rows and cells.
const features = tableFeatures({});

interface RowTableProps<R extends RowData> extends ShownRowsProps<R> {
  /** Available width in px. */
  width: number;
}

/** HTML table that renders only the rows near the screen if there are many. */
export function RowTable<R extends RowData>({
  label,
  columns: all,
  shown,
  gone,
  loading,
  drawAll,
  width,
  link,
  rowId,
  sort,
  onSort,
}: RowTableProps<R>) {
  const t = useShellText();
  const frame = useRef<HTMLTableElement>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const offset = useOffsetTop(body, loading);
  const definitions = useMemo(
    () => all.map(({ id }): ColumnDef<typeof features, R> => ({ id, accessorFn: row => row })),
    [all],
  );
  const table = useTable({ features, columns: definitions, data: shown, getRowId: rowId });
  const rows = table.getRowModel().rows;
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_HEIGHT,
    overscan: drawAll ? rows.length : 12,
    scrollMargin: offset,
  });
  const scrollTo = useCallback(
    (index: number) => virtualizer.scrollToIndex(index, { align: 'auto' }),
    [virtualizer],
  );
  useListKeys(body, { count: rows.length, scrollTo });

  const drawn = virtualizer.getVirtualItems();
  const above = (drawn[0]?.start ?? offset) - offset;
  const below = virtualizer.getTotalSize() - ((drawn.at(-1)?.end ?? offset) - offset);
  const { columns, widths, dropped } = useFittedColumns({
    table: frame,
    columns: all,
    room: width - BORDERS,
    sort,
    rows: shown,
    drawn: `${drawn[0]?.index} ${drawn.at(-1)?.index}`,
  });
  const needed = widths.reduce((sum, one) => sum + one, 0);
  const scrolls = Math.floor(needed) > width - BORDERS;
  return (
    <>
      <div
        className="overflow-x-auto rounded-xl border border-line bg-surface shadow-low print:overflow-visible"
        {...(scrolls ? { role: 'group', tabIndex: 0, 'aria-label': t.list.scrollable(label) } : {})}
      >
        <table
          ref={frame}
          aria-label={label}
          aria-rowcount={loading ? -1 : rows.length + 1}
          className="w-full table-fixed border-collapse text-sm"
          style={{ minWidth: scrolls ? needed : undefined }}
        >
          <colgroup>
            {columns.map((column, place) => (
              <col key={column.id} style={{ width: `${((widths[place] ?? 0) / needed) * 100}%` }} />
            ))}
          </colgroup>
          <thead>
            <tr aria-rowindex={1}>
              {columns.map(column => (
                <Header key={column.id} column={column} sort={sort} onSort={onSort} />
              ))}
            </tr>
          </thead>
          <tbody ref={body}>
            {loading ? <SkeletonRows columns={columns} /> : null}
            <Spacer height={above} />
            {drawn.map(({ index }) => {
              const row = rows[index];
              if (!row) return null;
              return (
                <tr
                  key={row.id}
                  ref={virtualizer.measureElement}
                  aria-rowindex={index + 2}
                  data-index={index}
                  data-row-index={index}
                  className={cn(
                    'relative border-t border-line transition-colors',
                    link && 'focus-within:bg-hover hover:bg-hover',
                    gone.has(row.id) && 'text-quiet line-through',
                  )}
                  style={{ height: ROW_HEIGHT }}
                >
                  {columns.map((column, place) => (
                    <td
                      key={column.id}
                      data-whole={column.whole && column.id}
                      className={cn(
                        'px-3 py-2 first:pl-4 last:pr-4',
                        column.whole && 'whitespace-nowrap',
                        column.align === 'end' && 'text-right',
                      )}
                    >
                      {place === 0 ? (
                        <RowName link={link?.(row.original)}>{column.cell(row.original)}</RowName>
                      ) : (
                        <Text cell={column.cell(row.original)} />
                      )}
                    </td>
                  ))}
                </tr>
              );
            })}
            <Spacer height={below} />
          </tbody>
        </table>
      </div>
      {dropped.length > 0 && !loading ? <Dropped columns={dropped} /> : null}
    </>
  );
}

/**
 * Text limited to three lines, with its full text as title. Names in the first column are never
 * cut.
 */
function Text({ cell }: { cell: ReactNode }) {
  if (typeof cell !== 'string' || cell.length < LONG) return cell;
  return (
    <span title={cell} className="line-clamp-3">
      {cell}
    </span>
  );
}

const LONG = 24;

/** Names of the removed columns, which are on each row's page. */
function Dropped<R extends RowData>({ columns }: { columns: RowColumn<R>[] }) {
  const t = useShellText();
  const format = useFormat();
  return (
    <p className="px-1 pt-2 text-xs text-quiet">
      {t.list.dropped(format.allOf(columns.map(({ header }) => header)))}
    </p>
  );
}

function Header<R extends RowData>({
  column,
  sort,
  onSort,
}: {
  column: RowColumn<R>;
  sort: string | undefined;
  onSort: ((sort: string) => void) | undefined;
}) {
  const t = useShellText();
  const style = cn(
    'h-10 px-3 text-left text-xs font-medium whitespace-nowrap text-quiet first:pl-4 last:pr-4',
    column.align === 'end' && 'text-right',
  );
  const by = column.sort;
  if (!by || !onSort) {
    return (
      <th scope="col" data-whole={column.id} className={style}>
        {column.header}
      </th>
    );
  }
  const direction = sort === by ? 'ascending' : sort === `-${by}` ? 'descending' : undefined;
  const Icon = direction === 'ascending' ? ArrowUp : direction === 'descending' ? ArrowDown : null;
  return (
    <th scope="col" data-whole={column.id} aria-sort={direction} className={style}>
      <button
        type="button"
        title={t.list.sortBy}
        onClick={() => onSort(direction === 'ascending' ? `-${by}` : by)}
        className={cn(
          'group -mx-1.5 inline-flex items-center gap-1 rounded px-1.5 py-1 hover:bg-hover hover:text-text',
          direction && 'text-text',
        )}
      >
        {column.header}
        {Icon ? <Icon aria-hidden className="size-3.5 shrink-0" /> : null}
      </button>
    </th>
  );
}

function Spacer({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden style={{ height }}>
      <td />
    </tr>
  );
}

function SkeletonRows<R extends RowData>({ columns }: { columns: RowColumn<R>[] }) {
  return Array.from({ length: SKELETONS }, (_, index) => (
    <tr key={index} className="border-t border-line" style={{ height: ROW_HEIGHT }}>
      {columns.map((column, place) => (
        <td key={column.id} className="px-3 first:pl-4 last:pr-4">
          <Skeleton
            className={cn(column.align === 'end' && 'ml-auto')}
            style={{ width: `${SHARES[(index + place * 2) % 5]}%` }}
          />
        </td>
      ))}
    </tr>
  ));
}

/** Widths in percent, uneven like texts. */
const SHARES = [72, 55, 84, 47, 63];
