import { type ColumnDef, type RowData, tableFeatures, useTable } from '@tanstack/react-table';
import { useMemo, useRef } from 'react';
import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import type { RowColumn } from './column';
import type { ShownRowsProps } from './row-list-props';
import { Header } from './table-header';
import { SkeletonRows, Spacer, TableRow } from './table-row';
import { useDrawnRows } from './use-drawn-rows';
import { useFittedColumns } from './use-fitted-columns';

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
  const definitions = useMemo(
    () => all.map(({ id }): ColumnDef<typeof features, R> => ({ id, accessorFn: row => row })),
    [all],
  );
  const table = useTable({ features, columns: definitions, data: shown, getRowId: rowId });
  const rows = table.getRowModel().rows;
  const { indices, above, below, measure } = useDrawnRows({ body, count: rows.length, loading, drawAll });
  const { columns, widths, dropped } = useFittedColumns({
    table: frame,
    columns: all,
    room: width - BORDERS,
    sort,
    rows: shown,
    drawn: `${indices[0]} ${indices.at(-1)}`,
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
          <ColumnWidths columns={columns} widths={widths} />
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
            {indices.map(index => {
              const row = rows[index];
              return row ? (
                <TableRow
                  key={row.id}
                  ref={measure}
                  row={row.original}
                  index={index}
                  columns={columns}
                  link={link}
                  gone={gone.has(row.id)}
                />
              ) : null;
            })}
            <Spacer height={below} />
          </tbody>
        </table>
      </div>
      {dropped.length > 0 && !loading ? <Dropped columns={dropped} /> : null}
    </>
  );
}

interface ColumnWidthsProps<R extends RowData> {
  columns: RowColumn<R>[];
  /** Width of each column in px. */
  widths: number[];
}

/** Widths as shares of the table's width. */
function ColumnWidths<R extends RowData>({ columns, widths }: ColumnWidthsProps<R>) {
  const all = widths.reduce((sum, one) => sum + one, 0);
  return (
    <colgroup>
      {columns.map((column, place) => (
        <col key={column.id} style={{ width: `${((widths[place] ?? 0) / all) * 100}%` }} />
      ))}
    </colgroup>
  );
}

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
