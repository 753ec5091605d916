import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import type { RowColumn } from '@/shell/app/list/column';
import { Empty } from '@/shell/app/list/empty';
import { FilterBar, TextFilter } from '@/shell/app/list/filter-bar';
import { RowList } from '@/shell/app/list/row-list';
import { PageHeader } from '@/shell/app/page/page-header';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { type Group, groupsQuery } from './groups';
import { NewGroupDialog } from './new-group-dialog';
import { groupsRoute } from './routes';
import { text } from './text';

export function GroupsPage() {
  const t = useText(text);
  const { q } = groupsRoute.useSearch();
  const navigate = groupsRoute.useNavigate();
  const setQuery = useCallback(
    (query: string | undefined) => void navigate({ search: { q: query }, replace: true }),
    [navigate],
  );
  const rows = useQuery(groupsQuery);
  const columns = useColumns();
  const [making, setMaking] = useState(false);
  const make = (look: 'primary' | 'secondary') => (
    <Button look={look} onClick={() => setMaking(true)}>
      {t.make.action}
    </Button>
  );
  const isEmpty = rows.data?.length === 0;
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} actions={isEmpty ? null : make('primary')} />
      {isEmpty ? null : (
        <FilterBar>
          <TextFilter value={q} onChange={setQuery} />
        </FilterBar>
      )}
      <RowList
        label={t.title}
        rows={rows}
        columns={columns}
        link={row => ({ to: '/admin/groups/$group', params: { group: row.key } })}
        rowId={row => row.key}
        query={q}
        filtered={Boolean(q) && !isEmpty}
        onClearFilters={() => setQuery(undefined)}
        empty={<Empty sentence={t.empty}>{make('primary')}</Empty>}
      />
      {making ? <NewGroupDialog close={() => setMaking(false)} /> : null}
    </>
  );
}

function useColumns(): RowColumn<Group>[] {
  const t = useText(text);
  const format = useFormat();
  return useMemo(
    () => [
      {
        id: 'name',
        header: t.name,
        width: 50,
        text: row => row.name,
        cell: row => <span className="font-medium wrap-anywhere">{row.name}</span>,
      },
      {
        id: 'key',
        header: t.key,
        width: 35,
        least: 140,
        text: row => row.key,
        cell: row => <code className="font-mono text-xs wrap-anywhere">{row.key}</code>,
      },
      { id: 'size', header: t.size, width: 15, whole: true, cell: row => format.number(row.size) },
    ],
    [t, format],
  );
}
