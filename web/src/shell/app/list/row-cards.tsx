import type { RowData } from '@tanstack/react-table';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useCallback, useRef } from 'react';
import { cn } from '@/shell/ui/cn';
import { Skeleton } from '@/shell/ui/skeleton';
import type { RowColumn } from './column';
import type { RowListProps, ShownRowsProps } from './row-list-props';
import { RowName } from './row-name';
import { useListKeys } from './use-list-keys';
import { useOffsetTop } from './use-offset-top';

const CARD_HEIGHT = 150;

/** Rows as cards, for widths in which a table does not fit. */
export function RowCards<R extends RowData>({
  label,
  columns,
  shown,
  gone,
  loading,
  drawAll,
  link,
  rowId,
}: ShownRowsProps<R>) {
  const list = useRef<HTMLUListElement>(null);
  const offset = useOffsetTop(list, loading);
  const virtualizer = useWindowVirtualizer({
    count: shown.length,
    estimateSize: () => CARD_HEIGHT,
    overscan: drawAll ? shown.length : 6,
    scrollMargin: offset,
    gap: 10,
    getItemKey: index => (shown[index] ? rowId(shown[index]) : index),
  });
  const scrollTo = useCallback(
    (index: number) => virtualizer.scrollToIndex(index, { align: 'auto' }),
    [virtualizer],
  );
  useListKeys(list, { count: shown.length, scrollTo });

  if (loading) return <SkeletonCards />;
  return (
    <ul ref={list} aria-label={label} className="relative" style={{ height: virtualizer.getTotalSize() }}>
      {virtualizer.getVirtualItems().map(({ index, key, start }) => {
        const row = shown[index];
        if (!row) return null;
        return (
          <li
            key={key}
            ref={virtualizer.measureElement}
            data-index={index}
            data-row-index={index}
            className={cn(
              'absolute inset-x-0 top-0 rounded-xl border border-line bg-surface px-4 py-3.5 shadow-low',
              gone.has(rowId(row)) && 'text-quiet line-through',
            )}
            style={{ transform: `translateY(${start - offset}px)` }}
          >
            <Card row={row} columns={columns} link={link} gone={gone.has(rowId(row))} />
          </li>
        );
      })}
    </ul>
  );
}

interface CardProps<R extends RowData> {
  row: R;
  columns: RowColumn<R>[];
  link: RowListProps<R>['link'];
  /** Whether the row was removed; its buttons are inactive. */
  gone: boolean;
}

function Card<R extends RowData>({ row, columns, link, gone }: CardProps<R>) {
  const [name, ...rest] = columns;
  const lines = rest.filter(column => (column.card ?? 'line') === 'line' && column.text?.(row) !== null);
  return (
    <div className="grid gap-2.5">
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1.5">
        <span className="min-w-0 text-[0.9375rem]">
          {name ? <RowName link={link?.(row)}>{name.cell(row)}</RowName> : null}
        </span>
        {rest
          .filter(column => column.card === 'beside')
          .map(column => (
            <span key={column.id} inert={gone}>
              {column.cell(row)}
            </span>
          ))}
      </div>
      <dl className="grid grid-cols-[minmax(0,7.5rem)_minmax(0,1fr)] gap-x-3 gap-y-1 text-sm">
        {lines.map(column => (
          <Line key={column.id} header={column.header} cell={column.cell(row)} />
        ))}
      </dl>
    </div>
  );
}

/** Line of a card. Text is limited to six lines, and an element shows what it has. */
function Line({ header, cell }: { header: string; cell: ReactNode }) {
  return (
    <div className="col-span-2 grid grid-cols-subgrid">
      <dt className="text-quiet">{header}</dt>
      <dd className={cn('min-w-0', typeof cell === 'string' && 'line-clamp-6')}>{cell}</dd>
    </div>
  );
}

function SkeletonCards() {
  return (
    <ul aria-hidden className="grid gap-2.5">
      {[70, 52, 61, 45].map(share => (
        <li key={share} className="grid gap-3 rounded-xl border border-line bg-surface px-4 py-4">
          <Skeleton className="h-4" style={{ width: `${share}%` }} />
          <Skeleton className="w-4/5" />
          <Skeleton className="w-3/5" />
        </li>
      ))}
    </ul>
  );
}
