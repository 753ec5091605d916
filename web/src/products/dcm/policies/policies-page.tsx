import { Link, useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useMemo } from 'react';
import { may, useSession } from '@/shell/api/session';
import { usePageCommands } from '@/shell/app/layout/page-commands';
import type { RowColumn } from '@/shell/app/list/column';
import { Empty } from '@/shell/app/list/empty';
import { ListPage } from '@/shell/app/list/list-page';
import { useChangeSearch } from '@/shell/app/list/use-change-search';
import { onlyFor } from '@/shell/app/page/only-for';
import { useFormat } from '@/shell/i18n/format';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { Badge } from '@/shell/ui/badge';
import { Button } from '@/shell/ui/button';
import { type Row, useRows } from '../api';
import { AUDIT, POLICY } from '../permissions';
import { toneOf } from './policy-status';
import { type PolicySort, policiesRoute } from './routes';
import { text } from './text';

type Search = ReturnType<typeof policiesRoute.useSearch>;

const PAGE = 100;

export const PoliciesPage = onlyFor([POLICY, AUDIT], Page);

function Page() {
  const t = useText(text);
  const language = useLanguage();
  const search = policiesRoute.useSearch();
  const change = useChangeSearch<Search>(policiesRoute.useNavigate());
  const byName: PolicySort = `name_${language}`;
  const rows = useRows('policies', { sort: search.sort ?? byName, limit: PAGE });
  const add = useAdd();
  const isWithoutPublished =
    rows.data && rows.data.length > 0 && rows.data.every(row => row.status !== 'published');
  return (
    <ListPage
      title={t.title}
      lead={t.lead}
      actions={add}
      notice={
        isWithoutPublished ? (
          <Alert tone="idle" title={t.nonePublished} className="mb-4">
            <p>{t.withoutPolicy}</p>
          </Alert>
        ) : null
      }
      search={search}
      change={change}
      usualSort={byName}
      rows={rows}
      columns={useColumns()}
      rowId={row => row.key}
      link={row => ({ to: '/admin/policies/$key', params: { key: row.key } })}
      empty={<Empty sentence={`${t.empty} ${t.withoutPolicy}`}>{add}</Empty>}
    />
  );
}

/** Button for people who may maintain policies; others have none. */
function useAdd() {
  const t = useText(text);
  const mayAdd = may(useSession(), POLICY);
  const navigate = useNavigate();
  usePageCommands(
    useMemo(
      () => (mayAdd ? [{ label: t.add, run: () => void navigate({ to: '/admin/policies/new' }) }] : []),
      [mayAdd, t, navigate],
    ),
  );
  if (!mayAdd) return null;
  return (
    <Button look="primary" asChild>
      <Link to="/admin/policies/new">
        <Plus aria-hidden />
        {t.add}
      </Link>
    </Button>
  );
}

function useColumns(): RowColumn<Row<'policies'>>[] {
  const t = useText(text);
  const format = useFormat();
  const language = useLanguage();
  return useMemo(() => {
    const nameOf = (row: Row<'policies'>) => row[`name_${language}`] ?? row.key;
    const draftOf = (row: Row<'policies'>) => (row.draft ? t.yes : t.no);
    const changeOf = (row: Row<'policies'>) => {
      const [at, by] = row.drafted_at
        ? [row.drafted_at, row.drafted_by_name]
        : [row.published_at, row.published_by_name];
      return t.changedBy(by ?? t.someone, format.short(at));
    };
    return [
      {
        id: 'name',
        header: t.columns.name,
        sort: `name_${language}`,
        width: 34,
        least: 132,
        text: row => `${nameOf(row)} ${row.key}`,
        cell: nameOf,
      },
      {
        id: 'status',
        header: t.columns.status,
        sort: 'status',
        width: 16,
        whole: true,
        least: 92,
        card: 'beside',
        text: row => row.status_text,
        cell: row => <Badge tone={toneOf(row.status)}>{row.status_text}</Badge>,
      },
      {
        id: 'version',
        header: t.columns.version,
        width: 10,
        whole: true,
        least: 72,
        align: 'end',
        drop: 2,
        cell: row => (row.version ? format.number(row.version) : t.noVersion),
      },
      { id: 'draft', header: t.columns.draft, width: 10, whole: true, least: 72, drop: 1, cell: draftOf },
      {
        id: 'changed',
        header: t.columns.changed,
        width: 30,
        least: 140,
        drop: 3,
        text: changeOf,
        cell: changeOf,
      },
    ];
  }, [t, format, language]);
}
