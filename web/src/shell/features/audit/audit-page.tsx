import { Link } from '@tanstack/react-router';
import { Download } from 'lucide-react';
import { useCallback, useMemo } from 'react';
import type { RowColumn } from '@/shell/app/list/column';
import { Empty } from '@/shell/app/list/empty';
import { RowList } from '@/shell/app/list/row-list';
import { useChangeSearch } from '@/shell/app/list/use-change-search';
import { CopyButton } from '@/shell/app/page/copy-button';
import { DownloadLink } from '@/shell/app/page/download-link';
import { PageHeader } from '@/shell/app/page/page-header';
import { useProducts } from '@/shell/app/product';
import { useFormat, zoneName } from '@/shell/i18n/format';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { Badge, type Tone } from '@/shell/ui/badge';
import { Button } from '@/shell/ui/button';
import { AuditFilters } from './audit-filters';
import { useActorName, useActors } from './audit-people';
import { type AuditItem, type AuditRows, useAuditRows } from './audit-rows';
import { type AuditSearch, csvAddress, isFiltered } from './audit-search';
import { pageOf } from './page-of';
import { ProveButton } from './prove-button';
import { auditRoute, auditRowRoute } from './routes';
import { text } from './text';

export function AuditPage() {
  const t = useText(text);
  const filters = auditRoute.useSearch();
  const navigate = auditRoute.useNavigate();
  const change = useChangeSearch<AuditSearch>(auditRoute.useNavigate());
  const clear = useCallback(() => void navigate({ search: {}, replace: true }), [navigate]);
  const rows = useAuditRows(filters);
  const actors = useActors(rows.data);
  const columns = useColumns();
  const filtered = isFiltered(filters);
  const language = useLanguage();
  return (
    <>
      <PageHeader
        title={t.title}
        lead={t.lead}
        actions={
          <>
            <ProveButton />
            <Button asChild>
              <DownloadLink href={csvAddress(filters, zoneName(), language)}>
                <Download aria-hidden />
                {t.csv}
              </DownloadLink>
            </Button>
          </>
        }
      />
      <AuditFilters filters={filters} change={change} clear={clear} actors={actors} />
      {filters.thing && rows.data && !rows.isPlaceholderData ? <Called rows={rows} /> : null}
      <RowList
        label={t.title}
        rows={rows}
        columns={columns}
        link={row => ({ to: auditRowRoute.fullPath, search: { source: row.source, key: row.row } })}
        rowId={row => `${row.source}/${row.id}`}
        filtered={filtered && !rows.unfinished}
        onClearFilters={clear}
        empty={<Nothing rows={rows} />}
      />
    </>
  );
}

/** Names of the things that the rows are about. */
function Called({ rows: { things } }: { rows: AuditRows }) {
  const t = useText(text);
  const names = [...new Set(things.map(thing => thing.name))];
  const shown = names.slice(0, SHOWN_NAMES);
  return (
    <p role="status" className="mb-3 text-sm text-quiet wrap-anywhere">
      {names.length === 0 ? t.noSuchThing : t.about(shown.join(', '), names.length - shown.length)}
    </p>
  );
}

const SHOWN_NAMES = 5;

/** Message for no rows, or none so far. */
function Nothing({ rows }: { rows: AuditRows }) {
  const t = useText(text);
  if (rows.unfinished) {
    return (
      <Empty sentence={t.unfinished}>
        <Button onClick={rows.goFurther}>{t.further}</Button>
      </Empty>
    );
  }
  return (
    <Empty sentence={t.empty}>
      <Button onClick={() => void rows.refetch()}>{t.reload}</Button>
    </Empty>
  );
}

/** Above the row's link, which covers the row. */
const linkStyle = 'relative rounded text-text hover:text-accent-text hover:underline';

function useColumns(): RowColumn<AuditItem>[] {
  const t = useText(text);
  const format = useFormat();
  return useMemo(
    () => [
      { id: 'what', header: t.columns.what, width: 46, least: 230, cell: item => <What item={item} /> },
      { id: 'who', header: t.columns.who, width: 14, least: 120, cell: item => <Who item={item} /> },
      {
        id: 'thing',
        header: t.columns.thing,
        width: 14,
        least: 110,
        drop: 2,
        cell: item => <Thing item={item} />,
      },
      {
        id: 'when',
        header: t.columns.when,
        width: 18.5,
        whole: true,
        cell: item => (
          <time dateTime={item.at} className="text-xs">
            {format.exact(item.at)}
          </time>
        ),
      },
      {
        id: 'outcome',
        header: t.columns.outcome,
        width: 14,
        whole: true,
        card: 'beside',
        cell: item => <Outcome item={item} />,
      },
      {
        id: 'trace',
        header: t.columns.trace,
        width: 15,
        whole: true,
        drop: 1,
        cell: item => <TraceId trace={item.trace_id} />,
      },
    ],
    [t, format],
  );
}

function Who({ item }: { item: AuditItem }) {
  const t = useText(text);
  const name = useActorName()(item);
  return (
    <span className="grid">
      <Link
        from={auditRoute.fullPath}
        to="."
        search={old => ({ ...old, person: item.actor })}
        title={t.onlyThisPerson(name)}
        className={`${linkStyle} font-medium`}
      >
        {name}
      </Link>
      {item.origin ? <Quiet said={item.origin} /> : null}
    </span>
  );
}

/** Second line with the recorded value. */
function Quiet({ said }: { said: string }) {
  return (
    <code title={said} className="line-clamp-3 font-mono text-2xs leading-3.5 text-quiet">
      {said}
    </code>
  );
}

/** Sentence, and below it the recorded code. */
function What({ item }: { item: AuditItem }) {
  return (
    <span className="grid gap-0.5">
      <span className="leading-4.5 wrap-anywhere">{item.sentence}</span>
      <Quiet said={`${item.act} · ${item.object || '–'}`} />
    </span>
  );
}

/** Name of the thing, linked to its page if there is one. */
function Thing({ item }: { item: AuditItem }) {
  const page = pageOf(item, useProducts());
  const name = item.thing ?? '–';
  if (!page) return <span className="wrap-anywhere">{name}</span>;
  return (
    <Link {...page} className={`${linkStyle} wrap-anywhere`}>
      {name}
    </Link>
  );
}

const TONES: Record<string, Tone> = { ok: 'good', pending: 'wait' };

/** Outcome in one or two words; the sentence contains the cause. */
function Outcome({ item: { outcome, source } }: { item: AuditItem }) {
  const t = useText(text);
  const words: Record<string, string> = t.outcomes;
  return (
    <Badge tone={TONES[outcome] ?? 'bad'} title={outcome}>
      {words[outcome] ?? (source === 'call' ? t.outcomes.failed : t.outcomes.refused)}
    </Badge>
  );
}

function TraceId({ trace }: { trace: string }) {
  const t = useText(text);
  if (trace === '') return '–';
  return (
    <span className="relative flex items-center gap-1">
      <Link
        from={auditRoute.fullPath}
        to="."
        search={old => ({ ...old, trace })}
        title={trace}
        aria-label={t.onlyThisTrace(trace.slice(0, 8))}
        className={`${linkStyle} font-mono text-xs`}
      >
        {trace.slice(0, 8)}
      </Link>
      <CopyButton text={trace} what={`${t.trace} ${trace.slice(0, 8)}`} />
    </span>
  );
}
