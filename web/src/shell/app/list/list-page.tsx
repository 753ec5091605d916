import type { RowData } from '@tanstack/react-table';
import { type ReactNode, useCallback } from 'react';
import { PageHeader } from '../page/page-header';
import { FilterBar, TextFilter } from './filter-bar';
import { RowList } from './row-list';
import type { RowListProps } from './row-list-props';

type List<R extends RowData> = Pick<RowListProps<R>, 'rows' | 'columns' | 'link' | 'rowId' | 'empty'>;

interface ListPageProps<R extends RowData, S extends ListSearch> extends List<R> {
  title: string;
  lead: string;
  /** Buttons of the page. */
  actions?: ReactNode;
  /** Notice between header and filters. */
  notice?: ReactNode;
  /** State of the list in the address. */
  search: S;
  change: (changed: Partial<S>) => void;
  /** Order without `search.sort`; undefined: people cannot choose the order. */
  usualSort?: string;
  /** Filters beside the one by text. */
  filters?: ReactNode;
  /** Whether one of `filters` is set, so that no rows differ from an empty list. */
  isFiltered?: boolean;
  /** Change of `search` that clears `filters`. */
  unfiltered?: Partial<S>;
}

/** State that each list page has in its address. */
export interface ListSearch {
  /** Text that rows must contain. */
  q?: string | undefined;
  sort?: string | undefined;
}

/** Page of one list: header, filters, and rows in an order that people choose. */
export function ListPage<R extends RowData, S extends ListSearch>(props: ListPageProps<R, S>) {
  const { title, lead, actions, notice, filters, search, usualSort, isFiltered, unfiltered } = props;
  const { rows, columns, link, rowId, empty, change: changeSearch } = props;
  const change = useCallback((changed: ListSearch) => changeSearch(changed as Partial<S>), [changeSearch]);
  const setQuery = useCallback((q: string | undefined) => change({ q }), [change]);
  const order = usualSort && {
    sort: search.sort ?? usualSort,
    onSort: (sort: string) => change({ sort: sort === usualSort ? undefined : sort }),
  };
  return (
    <>
      <PageHeader title={title} lead={lead} actions={actions} />
      {notice}
      <FilterBar>
        <TextFilter value={search.q} onChange={setQuery} />
        {filters}
      </FilterBar>
      <RowList
        label={title}
        rows={rows}
        columns={columns}
        rowId={rowId}
        empty={empty}
        {...(link && { link })}
        {...order}
        query={search.q}
        filtered={Boolean(search.q) || isFiltered === true}
        onClearFilters={() => change({ ...unfiltered, q: undefined })}
      />
    </>
  );
}
