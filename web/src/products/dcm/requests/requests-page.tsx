import { may, useSession } from '@/shell/api/session';
import { ChoiceFilter } from '@/shell/app/list/choice-filter';
import { Empty, ToHome } from '@/shell/app/list/empty';
import { ListPage } from '@/shell/app/list/list-page';
import { useChangeSearch } from '@/shell/app/list/use-change-search';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { type RowsQuery, useRows } from '../api';
import { DraftsPanel } from '../catalogue/drafts-panel';
import { DECIDE, READERS_OF_ALL, REQUEST } from '../permissions';
import { RequestVmLink } from '../request-vm-link';
import { WhoseFilter } from '../whose-filter';
import { useRequestColumns } from './request-columns';
import { type RequestSort, STANDINGS, requestsRoute } from './routes';
import { text } from './text';

type Search = ReturnType<typeof requestsRoute.useSearch>;

const NEWEST: RequestSort = '-submitted_at';
const PAGE = 100;

export function RequestsPage() {
  const t = useText(text);
  const session = useSession();
  const search = requestsRoute.useSearch();
  const change = useChangeSearch<Search>(requestsRoute.useNavigate());

  const requests = may(session, REQUEST);
  const readsAll = may(session, ...READERS_OF_ALL);
  // Readers of all requests usually have none of their own; others usually read only their own.
  const usual = readsAll ? 'all' : 'mine';
  const readsOthers = readsAll || may(session, DECIDE);
  const mine = requests && readsOthers && (search.whose ?? usual) === 'mine';
  const rows = useRows('requests', rowsQuery(search, mine ? session.actor : undefined));
  return (
    <ListPage
      title={t.title}
      lead={t.lead}
      actions={requests ? <RequestVmLink /> : null}
      notice={requests ? <DraftsPanel /> : null}
      search={search}
      change={change}
      usualSort={NEWEST}
      filters={
        <>
          <StatusFilter status={search.status} onChange={status => change({ status })} />
          {readsOthers && requests ? (
            <WhoseFilter
              label={t.filter.whose}
              names={t.filter}
              usual={usual}
              whose={mine ? 'mine' : 'all'}
              onChange={whose => change({ whose })}
            />
          ) : null}
        </>
      }
      isFiltered={search.status !== undefined}
      unfiltered={{ status: undefined }}
      rows={rows}
      columns={useRequestColumns(readsOthers && !mine)}
      rowId={row => row.key}
      link={row => ({ to: '/requests/$id', params: { id: row.key } })}
      empty={
        <Empty sentence={mine || !readsOthers ? t.emptyMine : t.empty}>
          {mine && readsAll ? (
            <Button onClick={() => change({ whose: undefined })}>{t.filter.all}</Button>
          ) : requests ? (
            <RequestVmLink />
          ) : (
            <ToHome />
          )}
        </Empty>
      }
    />
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

interface StatusFilterProps {
  status: Search['status'];
  onChange: (status: Search['status']) => void;
}

function StatusFilter({ status, onChange }: StatusFilterProps) {
  const t = useText(text).filter;
  const shell = useShellText();
  return (
    <ChoiceFilter
      label={t.status}
      value={status}
      options={[
        { value: undefined, label: shell.list.all },
        ...STANDINGS.map(value => ({ value, label: t[value] })),
      ]}
      onChange={onChange}
    />
  );
}
