import { may, useSession } from '@/shell/api/session';
import { ChoiceFilter } from '@/shell/app/list/choice-filter';
import { Empty, ToHome } from '@/shell/app/list/empty';
import { ListPage } from '@/shell/app/list/list-page';
import { useChangeSearch } from '@/shell/app/list/use-change-search';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { type RowsQuery, useRows } from '../api';
import { READERS_OF_ALL, REQUEST } from '../permissions';
import { RequestVmLink } from '../request-vm-link';
import { WhoseFilter } from '../whose-filter';
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
  const change = useChangeSearch<Search>(vmsRoute.useNavigate());

  const requests = may(session, REQUEST);
  const readsAll = may(session, ...READERS_OF_ALL);
  // Readers of all VMs usually have none of their own.
  const mine = readsAll && requests && search.whose === 'mine';
  const rows = useRows('vms', rowsQuery(search, mine ? session.actor : undefined));
  return (
    <ListPage
      title={t.title}
      lead={t.lead}
      actions={requests ? <RequestVmLink /> : null}
      search={search}
      change={change}
      usualSort={BY_NAME}
      filters={
        <>
          <StateFilters search={search} change={change} />
          {readsAll && requests ? (
            <WhoseFilter
              label={t.filter.whose}
              names={{ mine: t.filter.mine, all: t.filter.everybody }}
              usual="all"
              whose={mine ? 'mine' : 'all'}
              onChange={whose => change({ whose })}
            />
          ) : null}
        </>
      }
      isFiltered={search.power !== undefined || search.show === 'gone'}
      unfiltered={{ show: undefined, power: undefined }}
      rows={rows}
      columns={useVmColumns(readsAll && !mine ? 'everybody' : 'mine')}
      rowId={row => row.key}
      link={row => ({ to: '/vms/$id', params: { id: row.key } })}
      empty={<NoVms isOwn={mine || !readsAll} leavesOwn={mine} search={search} change={change} />}
    />
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

interface SearchProps {
  search: Search;
  change: (changed: Partial<Search>) => void;
}

function StateFilters({ search, change }: SearchProps) {
  const t = useText(text).filter;
  return (
    <>
      <ChoiceFilter
        label={t.show}
        value={search.show}
        options={[
          { value: undefined, label: t.present },
          { value: 'gone', label: t.gone },
          { value: 'all', label: t.all },
        ]}
        onChange={show => change({ show })}
      />
      <ChoiceFilter
        label={t.power}
        value={search.power}
        options={[
          { value: undefined, label: t.anyPower },
          { value: 'on', label: t.on },
          { value: 'off', label: t.off },
        ]}
        onChange={power => change({ power })}
      />
    </>
  );
}

interface NoVmsProps extends SearchProps {
  /** Whether the list shows the person's own machines alone. */
  isOwn: boolean;
  /** Whether the person can also see the machines of others. */
  leavesOwn: boolean;
}

function NoVms({ isOwn, leavesOwn, search, change }: NoVmsProps) {
  const t = useText(text);
  const requests = may(useSession(), REQUEST);
  const everything = search.show === 'all';
  return (
    <Empty sentence={isOwn ? t.emptyMine : everything ? t.empty : t.emptyPresent}>
      {leavesOwn ? (
        <Button onClick={() => change({ whose: undefined })}>{t.filter.everybody}</Button>
      ) : !everything ? (
        <Button onClick={() => change({ show: 'all' })}>{t.filter.all}</Button>
      ) : requests ? (
        <RequestVmLink />
      ) : (
        <ToHome />
      )}
    </Empty>
  );
}
