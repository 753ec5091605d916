import { type ColumnDef, type RowData, tableFeatures, useTable } from '@tanstack/react-table';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useCallback, useMemo, useRef } from 'react';
import { useShellText } from '@/i18n/shell-text';
import { cn } from '@/ui/cn';
import { Skeleton } from '@/ui/skeleton';
import type { RowColumn } from './column';
import type { ShownRowsProps } from './row-list-props';
import { RowName } from './row-name';
import { useListKeys } from './use-list-keys';
import { useOffsetTop } from './use-offset-top';

const ROW_HEIGHT = 49;
const SKELETONS = 6;

// Filter and order are the host's; the table knows columns, rows and cells.
const features = tableFeatures({});

/** A real table, of which only the rows near the screen are drawn. */
export function RowTable<R extends RowData>({
  label,
  columns,
  shown,
  loading,
  link,
  rowId,
  sort,
  onSort,
}: ShownRowsProps<R>) {
  const body = useRef<HTMLTableSectionElement>(null);
  const offset = useOffsetTop(body, loading);
  const definitions = useMemo(
    () => columns.map(({ id }): ColumnDef<typeof features, R> => ({ id, accessorFn: row => row })),
    [columns],
  );
  const table = useTable({ features, columns: definitions, data: shown, getRowId: rowId });
  const rows = table.getRowModel().rows;
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
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
  const total = columns.reduce((sum, column) => sum + column.width, 0);
  return (
    <div className="rounded-xl border border-line bg-surface shadow-low">
      <table
        aria-label={label}
        aria-rowcount={loading ? -1 : rows.length + 1}
        className="w-full table-fixed border-collapse text-sm"
      >
        <colgroup>
          {columns.map(column => (
            <col key={column.id} style={{ width: `${(column.width / total) * 100}%` }} />
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
                aria-rowindex={index + 2}
                data-row-index={index}
                className={cn(
                  'relative border-t border-line transition-colors',
                  link && 'focus-within:bg-hover hover:bg-hover',
                )}
                style={{ height: ROW_HEIGHT }}
              >
                {columns.map((column, place) => (
                  <td
                    key={column.id}
                    className={cn('truncate px-4 py-2', column.align === 'end' && 'text-right')}
                  >
                    {place === 0 ? (
                      <RowName link={link?.(row.original)}>{column.cell(row.original)}</RowName>
                    ) : (
                      column.cell(row.original)
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
    'h-10 px-4 text-left text-xs font-medium text-quiet',
    column.align === 'end' && 'text-right',
  );
  const by = column.sort;
  if (!by || !onSort) {
    return (
      <th scope="col" className={style}>
        {column.header}
      </th>
    );
  }
  const direction = sort === by ? 'ascending' : sort === `-${by}` ? 'descending' : undefined;
  const Icon = direction === 'ascending' ? ArrowUp : direction === 'descending' ? ArrowDown : null;
  return (
    <th scope="col" aria-sort={direction} className={style}>
      <button
        type="button"
        title={t.list.sortBy}
        onClick={() => onSort(direction === 'ascending' ? `-${by}` : by)}
        className={cn(
          'group -mx-1.5 inline-flex max-w-full items-center gap-1 rounded px-1.5 py-1 hover:bg-hover hover:text-text',
          direction && 'text-text',
        )}
      >
        <span className="truncate">{column.header}</span>
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
        <td key={column.id} className="px-4">
          <Skeleton
            className={cn(column.align === 'end' && 'ml-auto')}
            style={{ width: `${SHARES[(index + place * 2) % 5]}%` }}
          />
        </td>
      ))}
    </tr>
  ));
}

/** Uneven, as texts are. */
const SHARES = [72, 55, 84, 47, 63];
