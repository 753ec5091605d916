import { Link, useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useMemo } from 'react';
import { may, useSession } from '@/shell/api/session';
import { usePageCommands } from '@/shell/app/layout/page-commands';
import { ChoiceFilter } from '@/shell/app/list/choice-filter';
import { Empty } from '@/shell/app/list/empty';
import { ListPage } from '@/shell/app/list/list-page';
import { useChangeSearch } from '@/shell/app/list/use-change-search';
import { onlyFor } from '@/shell/app/page/only-for';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { useRows } from '../api';
import { OFFER } from '../permissions';
import { useOfferingColumns } from './offering-columns';
import { type OfferingSort, offeringsRoute } from './routes';
import { text } from './text';

type Search = ReturnType<typeof offeringsRoute.useSearch>;

const BY_NAME: OfferingSort = 'name';
const PAGE = 100;

export const OfferingsPage = onlyFor(OFFER, Page);

function Page() {
  const t = useText(text);
  const shell = useShellText();
  const search = offeringsRoute.useSearch();
  const change = useChangeSearch<Search>(offeringsRoute.useNavigate());
  const { sort = BY_NAME, status } = search;
  const rows = useRows('offerings', { sort, limit: PAGE, ...(status ? { status } : {}) });
  const add = useAdd();
  return (
    <ListPage
      title={t.title}
      lead={t.lead}
      actions={add}
      search={search}
      change={change}
      usualSort={BY_NAME}
      filters={
        <ChoiceFilter
          label={t.filter.status}
          value={status}
          options={[
            { value: undefined, label: shell.list.all },
            { value: 'active', label: t.filter.active },
            { value: 'inactive', label: t.filter.inactive },
          ]}
          onChange={chosen => change({ status: chosen })}
        />
      }
      isFiltered={status !== undefined}
      unfiltered={{ status: undefined }}
      rows={rows}
      columns={useOfferingColumns()}
      rowId={row => row.key}
      link={row => ({ to: '/admin/offerings/$key', params: { key: row.key } })}
      empty={<Empty sentence={t.empty}>{add}</Empty>}
    />
  );
}

/** Button for people who may define offerings; others have none. */
function useAdd() {
  const t = useText(text);
  const session = useSession();
  const navigate = useNavigate();
  const offers = may(session, OFFER);
  usePageCommands(
    useMemo(
      () => (offers ? [{ label: t.add, run: () => void navigate({ to: '/admin/offerings/new' }) }] : []),
      [offers, t, navigate],
    ),
  );
  if (!offers) return null;
  return (
    <Button look="primary" asChild>
      <Link to="/admin/offerings/new">
        <Plus aria-hidden />
        {t.add}
      </Link>
    </Button>
  );
}
