import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useCallback } from 'react';
import { may, useSession } from '@/shell/api/session';
import { Empty, ToHome } from '@/shell/app/list/empty';
import { ChoiceFilter, FilterBar, TextFilter } from '@/shell/app/list/filter-bar';
import { RowList } from '@/shell/app/list/row-list';
import { PageHeader } from '@/shell/app/page/page-header';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { type RowsQuery, useRows } from '../api';
import { READERS_OF_ALL, REQUEST } from '../permissions';
import { type VmSort, vmsRoute } from './routes';
import { text } from './text';
import { useVmColumns } from './vm-columns';

type Search = ReturnType<typeof vmsRoute.useSearch>;

const BY_NAME: VmSort = 'name';
const PAGE = 100;

export function VmsPage() {
  const t = useText(text);
  const session = useSession();
  const search = vmsRoute.useSearch();
  const navigate = vmsRoute.useNavigate();
  const change = useCallback(
    (changed: Partial<Search>) => void navigate({ search: old => ({ ...old, ...changed }), replace: true }),
    [navigate],
  );
  const setQuery = useCallback((q: string | undefined) => change({ q }), [change]);

  const requests = may(session, REQUEST);
  const readsAll = may(session, ...READERS_OF_ALL);
  // Readers of all VMs usually have none of their own.
  const mine = readsAll && requests && search.whose === 'mine';
  const everything = search.show === 'all';
  const rows = useRows('vms', rowsQuery(search, mine ? session.actor : undefined));
  const columns = useVmColumns(readsAll && !mine ? 'everybody' : 'mine');
  const requestVm = requests ? (
    <Button look="primary" asChild>
      <Link to="/catalogue">
        <Plus aria-hidden />
        {t.requestVm}
      </Link>
    </Button>
  ) : null;
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} actions={requestVm} />
      <FilterBar>
        <TextFilter value={search.q} onChange={setQuery} />
        <ChoiceFilter
          label={t.filter.show}
          value={search.show}
          options={[
            { value: undefined, label: t.filter.present },
            { value: 'gone', label: t.filter.gone },
            { value: 'all', label: t.filter.all },
          ]}
          onChange={show => change({ show })}
        />
        <ChoiceFilter
          label={t.filter.power}
          value={search.power}
          options={[
            { value: undefined, label: t.filter.anyPower },
            { value: 'on', label: t.filter.on },
            { value: 'off', label: t.filter.off },
          ]}
          onChange={power => change({ power })}
        />
        {readsAll && requests ? (
          <ChoiceFilter
            label={t.filter.whose}
            value={mine ? 'mine' : undefined}
            options={[
              { value: undefined, label: t.filter.everybody },
              { value: 'mine', label: t.filter.mine },
            ]}
            onChange={whose => change({ whose })}
          />
        ) : null}
      </FilterBar>
      <RowList
        label={t.title}
        rows={rows}
        columns={columns}
        rowId={row => row.key}
        link={row => ({ to: '/vms/$id', params: { id: row.key } })}
        sort={search.sort ?? BY_NAME}
        onSort={sort => change({ sort: sort === BY_NAME ? undefined : (sort as VmSort) })}
        query={search.q}
        filtered={Boolean(search.q ?? search.power) || search.show === 'gone'}
        onClearFilters={() => change({ q: undefined, show: undefined, power: undefined })}
        empty={
          <Empty sentence={mine || !readsAll ? t.emptyMine : everything ? t.empty : t.emptyPresent}>
            {mine ? (
              <Button onClick={() => change({ whose: undefined })}>{t.filter.everybody}</Button>
            ) : everything ? (
              (requestVm ?? <ToHome />)
            ) : (
              <Button onClick={() => change({ show: 'all' })}>{t.filter.all}</Button>
            )}
          </Empty>
        }
      />
    </>
  );
}

function rowsQuery({ show, power, sort = BY_NAME }: Search, requester: string | undefined): RowsQuery<'vms'> {
  return {
    sort,
    limit: PAGE,
    ...(show === 'all' ? {} : { terminal: show === 'gone' ? 'true' : 'false' }),
    ...(power ? { power } : {}),
    ...(requester ? { requester_id: requester } : {}),
  };
}
