import type { RowData } from '@tanstack/react-table';
import type { ReactNode } from 'react';

/** Column of a list. The first column contains the row's name and link. */
export interface RowColumn<R extends RowData> {
  id: string;
  header: string;
  cell: (row: R) => ReactNode;
  /** Column that the host sorts by; undefined: the list cannot be sorted by this one. */
  sort?: string;
  /** Text for the filter. A card omits the line if it is null. */
  text?: (row: R) => string | null | undefined;
  /** Share of the width that remains after each column has its minimum. */
  width: number;
  /** Minimum width in px, 96 by default. */
  least?: number;
  /**
   * Whether the content never wraps and is never cut: addresses, amounts, times and badges. The
   * column is as wide as its content.
   */
  whole?: true;
  /** Order of removal on narrow screens, highest number first; undefined: never removed. */
  drop?: number;
  align?: 'end';
  /** Place in a card on narrow screens: beside the name, a line (the default), or hidden. */
  card?: 'beside' | 'line' | 'none';
}

export function matches<R extends RowData>(row: R, columns: RowColumn<R>[], query: string): boolean {
  const wanted = query.trim().toLocaleLowerCase();
  if (wanted === '') return true;
  return columns.some(column => column.text?.(row)?.toLocaleLowerCase().includes(wanted));
}
