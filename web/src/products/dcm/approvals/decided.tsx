import { useMemo } from 'react';
import type { RowColumn } from '@/shell/app/list/column';
import { Empty } from '@/shell/app/list/empty';
import { RowList } from '@/shell/app/list/row-list';
import { useChangeSearch } from '@/shell/app/list/use-change-search';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { type Row, useRows } from '../api';
import { RequestStatus } from '../requests/status-badge';
import { type DecisionSort, approvalsRoute } from './routes';
import { text } from './text';

type Search = ReturnType<typeof approvalsRoute.useSearch>;

const NEWEST: DecisionSort = '-decided_at';

export function Decided() {
  const t = useText(text);
  const search = approvalsRoute.useSearch();
  const change = useChangeSearch<Search>(approvalsRoute.useNavigate());
  const rows = useRows('approvals', { terminal: 'true', sort: search.sort ?? NEWEST, limit: 100 });
  return (
    <RowList
      label={t.decided}
      rows={rows}
      columns={useColumns()}
      rowId={row => row.key}
      link={row => ({ to: '/approvals/$id', params: { id: row.key } })}
      sort={search.sort ?? NEWEST}
      onSort={sort => change({ sort: sort === NEWEST ? undefined : (sort as DecisionSort) })}
      query={search.q}
      filtered={Boolean(search.q)}
      onClearFilters={() => change({ q: undefined })}
      empty={
        <Empty sentence={t.emptyDecided}>
          <Button onClick={() => change({ show: undefined })}>{t.backToWaiting}</Button>
        </Empty>
      }
    />
  );
}

function useColumns(): RowColumn<Row<'approvals'>>[] {
  const t = useText(text).columns;
  const format = useFormat();
  return useMemo(
    () => [
      {
        id: 'name',
        header: t.name,
        sort: 'vm_name',
        width: 20,
        least: 132,
        text: row => row.vm_name,
        cell: row => row.vm_name,
      },
      {
        id: 'status',
        header: t.status,
        sort: 'status',
        width: 18,
        least: 120,
        card: 'beside',
        text: row => row.status_text,
        cell: row => <RequestStatus row={row} />,
      },
      {
        id: 'requester',
        header: t.requester,
        sort: 'requester_name',
        width: 20,
        text: row => row.requester_name,
        cell: row => row.requester_name,
      },
      {
        id: 'decided-by',
        header: t.decidedBy,
        width: 20,
        drop: 1,
        text: row => row.decided_by_name,
        cell: row => row.decided_by_name ?? '–',
      },
      {
        id: 'cost',
        header: t.cost,
        sort: 'monthly_cents',
        width: 14,
        whole: true,
        align: 'end',
        cell: row => format.money(row.monthly_cents, row.currency),
      },
      {
        id: 'decided',
        header: t.decided,
        sort: 'decided_at',
        width: 16,
        whole: true,
        align: 'end',
        cell: row => format.short(row.decided_at ?? row.withdrawn_at),
      },
    ],
    [t, format],
  );
}
