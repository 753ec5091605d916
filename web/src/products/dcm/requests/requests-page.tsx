import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useCallback, useMemo } from 'react';
import { may, useSession } from '@/shell/api/session';
import type { RowColumn } from '@/shell/app/list/column';
import { Empty, ToHome } from '@/shell/app/list/empty';
import { ChoiceFilter, FilterBar, TextFilter } from '@/shell/app/list/filter-bar';
import { RowList } from '@/shell/app/list/row-list';
import { PageHeader } from '@/shell/app/page/page-header';
import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { cn } from '@/shell/ui/cn';
import { type RowsQuery, type Row, useRows } from '../api';
import { DECIDE, READERS_OF_ALL, REQUEST } from '../permissions';
import { type RequestSort, STANDINGS, requestsRoute } from './routes';
import { RequestStatus } from './status-badge';
import { text } from './text';

type Search = ReturnType<typeof requestsRoute.useSearch>;

const NEWEST: RequestSort = '-submitted_at';
const PAGE = 100;
const OTHER = { all: 'mine', mine: 'all' } as const;

export function RequestsPage() {
  const t = useText(text);
  const shell = useShellText();
  const session = useSession();
  const search = requestsRoute.useSearch();
  const navigate = requestsRoute.useNavigate();
  const change = useCallback(
    (changed: Partial<Search>) => void navigate({ search: old => ({ ...old, ...changed }), replace: true }),
    [navigate],
  );
  const setQuery = useCallback((q: string | undefined) => change({ q }), [change]);

  const requests = may(session, REQUEST);
  const readsAll = may(session, ...READERS_OF_ALL);
  // Readers of all requests usually have none of their own; others usually read only their own.
  const usual = readsAll ? 'all' : 'mine';
  const readsOthers = readsAll || may(session, DECIDE);
  const mine = requests && readsOthers && (search.whose ?? usual) === 'mine';
  const rows = useRows('requests', rowsQuery(search, mine ? session.actor : undefined));
  const columns = useColumns(readsOthers && !mine);
  const requestVm = requests ? <RequestVm label={t.requestVm} /> : null;
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} actions={requestVm} />
      <FilterBar>
        <TextFilter value={search.q} onChange={setQuery} />
        <ChoiceFilter
          label={t.filter.status}
          value={search.status}
          options={[
            { value: undefined, label: shell.list.all },
            ...STANDINGS.map(value => ({ value, label: t.filter[value] })),
          ]}
          onChange={status => change({ status })}
        />
        {readsOthers && requests ? (
          <ChoiceFilter
            label={t.filter.whose}
            value={mine ? 'mine' : 'all'}
            options={[
              { value: usual, label: t.filter[usual] },
              { value: OTHER[usual], label: t.filter[OTHER[usual]] },
            ]}
            onChange={whose => change({ whose: whose === usual ? undefined : whose })}
          />
        ) : null}
      </FilterBar>
      <RowList
        label={t.title}
        rows={rows}
        columns={columns}
        rowId={row => row.key}
        link={row => ({ to: '/requests/$id', params: { id: row.key } })}
        sort={search.sort ?? NEWEST}
        onSort={sort => change({ sort: sort === NEWEST ? undefined : (sort as RequestSort) })}
        query={search.q}
        filtered={Boolean(search.q ?? search.status)}
        onClearFilters={() => change({ q: undefined, status: undefined })}
        empty={
          <Empty sentence={mine || !readsOthers ? t.emptyMine : t.empty}>
            {mine && readsAll ? (
              <Button onClick={() => change({ whose: undefined })}>{t.filter.all}</Button>
            ) : (
              (requestVm ?? <ToHome />)
            )}
          </Empty>
        }
      />
    </>
  );
}

function rowsQuery({ status, sort = NEWEST }: Search, requester: string | undefined): RowsQuery<'requests'> {
  return {
    sort,
    limit: PAGE,
    ...(status === 'open' ? { terminal: 'false' } : status ? { status } : {}),
    ...(requester ? { requester_id: requester } : {}),
  };
}

function RequestVm({ label }: { label: string }) {
  return (
    <Button look="primary" asChild>
      <Link to="/catalogue">
        <Plus aria-hidden />
        {label}
      </Link>
    </Button>
  );
}

function useColumns(withRequester: boolean): RowColumn<Row<'requests'>>[] {
  const t = useText(text).columns;
  const format = useFormat();
  return useMemo(
    () => [
      {
        id: 'name',
        header: t.name,
        sort: 'vm_name',
        width: 17,
        least: 132,
        text: row => row.vm_name,
        cell: row => row.vm_name,
      },
      {
        id: 'status',
        header: t.status,
        width: 20,
        least: 120,
        card: 'beside',
        text: row => row.status_text,
        cell: row => <RequestStatus row={row} />,
      },
      {
        id: 'waiting',
        header: t.waiting,
        width: 25,
        least: 140,
        cell: row => <Waiting row={row} />,
        text: row => format.sentence(row.waiting_on),
      },
      ...(withRequester
        ? [
            {
              id: 'requester',
              header: t.requester,
              sort: 'requester_name',
              width: 17,
              drop: 1,
              text: (row: Row<'requests'>) => row.requester_name,
              cell: (row: Row<'requests'>) => row.requester_name,
            },
          ]
        : []),
      {
        id: 'offering',
        header: t.offering,
        sort: 'offering_name',
        width: 14,
        drop: 3,
        card: 'none',
        text: row => row.offering_name,
        cell: row => row.offering_name,
      },
      {
        id: 'cost',
        header: t.cost,
        sort: 'monthly_cents',
        width: 12,
        whole: true,
        align: 'end',
        cell: row => format.money(row.monthly_cents, row.currency),
      },
      {
        id: 'submitted',
        header: t.submitted,
        sort: 'submitted_at',
        width: 13,
        whole: true,
        drop: 2,
        align: 'end',
        cell: row => <time dateTime={row.submitted_at ?? undefined}>{format.short(row.submitted_at)}</time>,
      },
    ],
    [t, format, withRequester],
  );
}

/**
 * Approvers first, then the sentence, since people look for names. Long lists have their full text
 * as title.
 */
function Waiting({ row }: { row: Row<'requests'> }) {
  const format = useFormat();
  const sentence = format.sentence(row.waiting_on);
  const people = row.waiting?.people ?? [];
  const names = row.status === 'pending' && people.length > 0 ? format.anyOf(people) : null;
  return (
    <span className={cn('line-clamp-3', !names && 'text-quiet')} title={names ?? sentence ?? undefined}>
      {names ?? sentence ?? '–'}
    </span>
  );
}
