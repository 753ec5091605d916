import type { LinkProps } from '@tanstack/react-router';
import type { RowData } from '@tanstack/react-table';
import type { ReactNode } from 'react';
import type { RowColumn } from './column';

/** Part of an infinite query that a list uses. */
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
  /** Label of the list. */
  label: string;
  rows: RowSource<R>;
  columns: RowColumn<R>[];
  /** Link of a row; undefined: rows have no page. */
  link?: (row: R) => LinkProps;
  rowId: (row: R) => string;
  /** `column` for ascending or `-column` for descending order. */
  sort?: string | undefined;
  onSort?: (sort: string) => void;
  /** Text that rows must contain. */
  query?: string | undefined;
  /** Whether a filter is set: no results differ from an empty list. */
  filtered: boolean;
  onClearFilters?: () => void;
  /** Content of an empty list: one sentence and one action. */
  empty: ReactNode;
}

/** Properties of table and cards. */
export interface ShownRowsProps<R extends RowData> extends RowListProps<R> {
  shown: R[];
  loading: boolean;
  /** Whether to render also the rows off the screen. */
  drawAll: boolean;
  /** Ids of removed rows, which stay while the list must not move. */
  gone: ReadonlySet<string>;
}
