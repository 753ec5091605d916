import type { RowData } from '@tanstack/react-table';
import type { RowColumn } from './column';

const LEAST = 96;

export interface FittedColumns<R extends RowData> {
  columns: RowColumn<R>[];
  /** In px, one for each column. Their sum is beyond the room only where no more columns may go. */
  widths: number[];
  dropped: RowColumn<R>[];
}

/**
 * Which columns a table of this width shows, and how wide they are. What does not fit is left out whole: half an address
 * is another address.
 */
export function fitColumns<R extends RowData>(
  columns: RowColumn<R>[],
  room: number,
  /** How wide the contents of `whole` columns turned out to be, by id. */
  found: ReadonlyMap<string, number>,
  sort?: string,
): FittedColumns<R> {
  const least = (column: RowColumn<R>) => Math.max(column.least ?? LEAST, found.get(column.id) ?? 0);
  const needed = (some: RowColumn<R>[]) => some.reduce((sum, column) => sum + least(column), 0);
  const sortedBy = sort?.replace(/^-/, '');
  const order = columns
    .filter(({ drop, sort: by }) => drop !== undefined && (by === undefined || by !== sortedBy))
    .toSorted((a, b) => (b.drop ?? 0) - (a.drop ?? 0));
  let kept = columns;
  for (const column of order) {
    if (needed(kept) <= room) break;
    kept = kept.filter(one => one !== column);
  }
  return {
    columns: kept,
    widths: shareOut(kept, least, room),
    dropped: columns.filter(column => !kept.includes(column)),
  };
}

/** In proportion to `width`, but no column gets less than its least. */
function shareOut<R extends RowData>(
  columns: RowColumn<R>[],
  least: (column: RowColumn<R>) => number,
  room: number,
): number[] {
  const fixed = new Map<RowColumn<R>, number>();
  for (;;) {
    const open = columns.filter(column => !fixed.has(column));
    const left = room - [...fixed.values()].reduce((sum, width) => sum + width, 0);
    const shares = open.reduce((sum, column) => sum + column.width, 0);
    const share = (column: RowColumn<R>) => (column.width / shares) * left;
    const short = open.filter(column => share(column) < least(column));
    if (short.length === 0) return columns.map(column => fixed.get(column) ?? share(column));
    for (const column of short) fixed.set(column, least(column));
  }
}
