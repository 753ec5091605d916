import { Link, useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useMemo } from 'react';
import { may, useSession } from '@/shell/api/session';
import { usePageCommands } from '@/shell/app/layout/page-commands';
import type { RowColumn } from '@/shell/app/list/column';
import { Empty } from '@/shell/app/list/empty';
import { ChoiceFilter } from '@/shell/app/list/filter-bar';
import { ListPage } from '@/shell/app/list/list-page';
import { useChangeSearch } from '@/shell/app/list/use-change-search';
import { onlyFor } from '@/shell/app/page/only-for';
import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Badge } from '@/shell/ui/badge';
import { Button } from '@/shell/ui/button';
import { type Row, useRows } from '../api';
import { OFFER } from '../permissions';
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
      columns={useColumns()}
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

function useColumns(): RowColumn<Row<'offerings'>>[] {
  const t = useText(text);
  const format = useFormat();
  return useMemo(() => {
    const range = (min: number | null | undefined, max: number | null | undefined) =>
      t.range(format.number(min), format.number(max));
    return [
      {
        id: 'name',
        header: t.columns.name,
        sort: 'name',
        width: 22,
        least: 132,
        text: row => `${row.name} ${row.key}`,
        cell: row => row.name,
      },
      {
        id: 'status',
        header: t.columns.status,
        sort: 'status',
        width: 11,
        least: 92,
        card: 'beside',
        text: row => row.status_text,
        cell: row => <Badge tone={row.active ? 'good' : 'idle'}>{row.status_text}</Badge>,
      },
      {
        id: 'image',
        header: t.columns.image,
        width: 19,
        drop: 1,
        text: row => row.image,
        cell: row => row.image,
      },
      {
        id: 'cpus',
        header: t.columns.cpus,
        width: 9,
        whole: true,
        least: 72,
        drop: 3,
        cell: row => range(row.cpu_min, row.cpu_max),
      },
      {
        id: 'memory',
        header: t.columns.memory,
        width: 12,
        whole: true,
        least: 72,
        drop: 2,
        cell: row => t.gb(range(row.memory_gb_min, row.memory_gb_max)),
      },
      {
        id: 'base',
        header: t.columns.base,
        sort: 'base_cents',
        width: 11,
        whole: true,
        least: 72,
        align: 'end',
        cell: row => format.money(row.base_cents, row.currency),
      },
      {
        id: 'cpu',
        header: t.columns.perCpu,
        width: 10,
        whole: true,
        least: 72,
        align: 'end',
        cell: row => format.money(row.cpu_cents, row.currency),
      },
      {
        id: 'gb',
        header: t.columns.perGb,
        width: 10,
        whole: true,
        least: 72,
        align: 'end',
        cell: row => format.money(row.gb_cents, row.currency),
      },
    ];
  }, [t, format]);
}
