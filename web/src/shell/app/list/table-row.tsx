import type { LinkProps } from '@tanstack/react-router';
import type { RowData } from '@tanstack/react-table';
import type { ReactNode, Ref } from 'react';
import { cn } from '@/shell/ui/cn';
import { Skeleton } from '@/shell/ui/skeleton';
import type { RowColumn } from './column';
import { RowName } from './row-name';

export const ROW_HEIGHT = 49;
const SKELETONS = 6;

interface TableRowProps<R extends RowData> {
  row: R;
  /** Index in the list. */
  index: number;
  columns: RowColumn<R>[];
  link: ((row: R) => LinkProps) | undefined;
  /** Whether the row was removed and stays until the list may move; its buttons are inactive. */
  gone: boolean;
  ref: Ref<HTMLTableRowElement>;
}

/** Row of a table with one cell per column. */
export function TableRow<R extends RowData>({ row, index, columns, link, gone, ref }: TableRowProps<R>) {
  return (
    <tr
      ref={ref}
      aria-rowindex={index + 2}
      data-index={index}
      data-row-index={index}
      className={cn(
        'relative border-t border-line transition-colors',
        link && 'focus-within:bg-hover hover:bg-hover',
        gone && 'text-quiet line-through',
      )}
      style={{ height: ROW_HEIGHT }}
    >
      {columns.map((column, place) => (
        <td
          key={column.id}
          inert={gone && place > 0}
          data-whole={column.whole && column.id}
          className={cn(
            'px-3 py-2 first:pl-4 last:pr-4',
            column.whole && 'whitespace-nowrap',
            column.align === 'end' && 'text-right',
          )}
        >
          {place === 0 ? (
            <RowName link={link?.(row)}>{column.cell(row)}</RowName>
          ) : (
            <Text cell={column.cell(row)} />
          )}
        </td>
      ))}
    </tr>
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

/** Space of the rows that are not drawn. */
export function Spacer({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden style={{ height }}>
      <td />
    </tr>
  );
}

export function SkeletonRows<R extends RowData>({ columns }: { columns: RowColumn<R>[] }) {
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
