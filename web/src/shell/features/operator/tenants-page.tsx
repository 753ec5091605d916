import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import type { RowColumn } from '@/shell/app/list/column';
import { Empty } from '@/shell/app/list/empty';
import { FilterBar, TextFilter } from '@/shell/app/list/filter-bar';
import { RowList } from '@/shell/app/list/row-list';
import { CopyButton } from '@/shell/app/page/copy-button';
import { PageHeader } from '@/shell/app/page/page-header';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Badge } from '@/shell/ui/badge';
import { Button } from '@/shell/ui/button';
import { NewTenantDialog } from './new-tenant-dialog';
import { type Tenant, tenantsQuery } from './platform';
import { tenantsRoute } from './routes';
import { text } from './text';

export function TenantsPage() {
  const { tenants: t } = useText(text);
  const { q } = tenantsRoute.useSearch();
  const navigate = tenantsRoute.useNavigate();
  const setQuery = useCallback(
    (query: string | undefined) => void navigate({ search: { q: query }, replace: true }),
    [navigate],
  );
  const rows = useQuery(tenantsQuery);
  const columns = useColumns();
  const [making, setMaking] = useState(false);
  const make = (
    <Button look="primary" onClick={() => setMaking(true)}>
      {t.make.action}
    </Button>
  );
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} actions={make} />
      <FilterBar>
        <TextFilter value={q} onChange={setQuery} />
      </FilterBar>
      <RowList
        label={t.title}
        rows={rows}
        columns={columns}
        link={row => ({ to: '/operator/tenants/$slug', params: { slug: row.slug } })}
        rowId={row => row.id}
        query={q}
        filtered={Boolean(q)}
        onClearFilters={() => setQuery(undefined)}
        empty={<Empty sentence={t.empty} />}
      />
      {making ? <NewTenantDialog close={() => setMaking(false)} /> : null}
    </>
  );
}

function useColumns(): RowColumn<Tenant>[] {
  const { tenants: t } = useText(text);
  const format = useFormat();
  return useMemo(
    () => [
      {
        id: 'slug',
        header: t.slug,
        width: 40,
        text: row => row.slug,
        cell: row => <span className="font-medium">{row.slug}</span>,
      },
      {
        id: 'members',
        header: t.members,
        width: 15,
        whole: true,
        cell: row => format.number(row.members),
      },
      {
        id: 'id',
        header: t.id,
        width: 40,
        text: row => row.id,
        cell: row => (
          <span className="flex items-center gap-1">
            <code className="min-w-0 font-mono text-xs break-all">{row.id}</code>
            <CopyButton text={row.id} what={`${t.id} ${row.slug}`} />
          </span>
        ),
      },
      {
        id: 'grants',
        header: t.grants,
        width: 20,
        text: row => t.missing(row.missing_grants),
        cell: ({ missing_grants: missing }) => (
          <Badge tone={missing > 0 ? 'bad' : 'good'}>{t.missing(missing)}</Badge>
        ),
      },
    ],
    [t, format],
  );
}
