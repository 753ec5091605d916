import type { RowData } from '@tanstack/react-table';
import type { RowColumn } from './column';

const LEAST = 96;

export interface FittedColumns<R extends RowData> {
  columns: RowColumn<R>[];
  /**
   * Widths in px by column. Their sum exceeds the room only if no further column may be removed.
   */
  widths: number[];
  dropped: RowColumn<R>[];
}

/**
 * Selects the columns that fit into a table of this width, and their widths. A column is removed as
 * a whole, since half an address reads as another address.
 */
export function fitColumns<R extends RowData>(
  columns: RowColumn<R>[],
  room: number,
  /** Measured widths of `whole` columns by id. */
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

/** Distributes the room in proportion to `width`, with at least the minimum per column. */
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
