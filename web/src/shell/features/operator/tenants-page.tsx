import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { RowColumn } from '@/shell/app/list/column';
import { Empty } from '@/shell/app/list/empty';
import { ListPage } from '@/shell/app/list/list-page';
import { useChangeSearch } from '@/shell/app/list/use-change-search';
import { CopyButton } from '@/shell/app/page/copy-button';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Badge } from '@/shell/ui/badge';
import { Button } from '@/shell/ui/button';
import { NewTenantDialog } from './new-tenant-dialog';
import { type Tenant, tenantsQuery } from './platform';
import { tenantsRoute } from './routes';
import { text } from './text';

type Search = ReturnType<typeof tenantsRoute.useSearch>;

export function TenantsPage() {
  const { tenants: t } = useText(text);
  const change = useChangeSearch<Search>(tenantsRoute.useNavigate());
  const [making, setMaking] = useState(false);
  return (
    <>
      <ListPage
        title={t.title}
        lead={t.lead}
        actions={
          <Button look="primary" onClick={() => setMaking(true)}>
            {t.make.action}
          </Button>
        }
        search={tenantsRoute.useSearch()}
        change={change}
        rows={useQuery(tenantsQuery)}
        columns={useColumns()}
        rowId={row => row.id}
        link={row => ({ to: '/operator/tenants/$slug', params: { slug: row.slug } })}
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
