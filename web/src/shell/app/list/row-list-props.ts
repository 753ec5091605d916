import type { LinkProps } from '@tanstack/react-router';
import type { RowData } from '@tanstack/react-table';
import type { ReactNode } from 'react';
import type { RowColumn } from './column';

/** The part of an infinite query that a list shows. */
export interface RowSource<R> {
  data: R[] | undefined;
  error: Error | null;
  isPending: boolean;
  isPlaceholderData?: boolean;
  hasNextPage?: boolean;
  isFetchingNextPage?: boolean;
  isFetchNextPageError?: boolean;
  fetchNextPage?: () => unknown;
  refetch: () => unknown;
}

export interface RowListProps<R extends RowData> {
  /** What the list is a list of. */
  label: string;
  rows: RowSource<R>;
  columns: RowColumn<R>[];
  /** Where a row leads; without it rows are only read. */
  link?: (row: R) => LinkProps;
  rowId: (row: R) => string;
  /** `column` or `-column`. */
  sort?: string | undefined;
  onSort?: (sort: string) => void;
  /** Text that rows must contain. */
  query?: string | undefined;
  /** Whether anything narrows the list; then nothing found is not the same as nothing there. */
  filtered: boolean;
  onClearFilters?: () => void;
  /** Nothing there: one sentence and one action. */
  empty: ReactNode;
}

/** What a table and cards get. */
export interface ShownRowsProps<R extends RowData> extends RowListProps<R> {
  shown: R[];
  loading: boolean;
  /** Also the rows that are off the screen. */
  drawAll: boolean;
  /** Rows that stay only because nothing may move just now, by id. */
  gone: ReadonlySet<string>;
}
