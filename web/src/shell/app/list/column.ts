import type { RowData } from '@tanstack/react-table';
import type { ReactNode } from 'react';

/** One property of the rows of a list. The first column is the row's name and its link. */
export interface RowColumn<R extends RowData> {
  id: string;
  header: string;
  cell: (row: R) => ReactNode;
  /** The column that the host sorts by; without it the list cannot be sorted by this. */
  sort?: string;
  /** What the text filter looks at. Where it is null, a card leaves the line out. */
  text?: (row: R) => string | null | undefined;
  /** Share of the width that is left when every column has its least. */
  width: number;
  /** The least width, in px; without it 96. */
  least?: number;
  /** Addresses, amounts, times and badges: never on two lines and never cut, so the column is as wide as they are. */
  whole?: true;
  /** Where there is no room, columns with the highest number go first; those without one stay. */
  drop?: number;
  align?: 'end';
  /** On a narrow screen: beside the name, a line below it, or not at all. Without it: a line. */
  card?: 'beside' | 'line' | 'none';
}

export function matches<R extends RowData>(row: R, columns: RowColumn<R>[], query: string): boolean {
  const wanted = query.trim().toLocaleLowerCase();
  if (wanted === '') return true;
  return columns.some(column => column.text?.(row)?.toLocaleLowerCase().includes(wanted));
}
