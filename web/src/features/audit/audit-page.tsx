import { Link } from '@tanstack/react-router';
import { Download } from 'lucide-react';
import { useCallback, useMemo } from 'react';
import type { RowColumn } from '@/app/list/column';
import { Empty } from '@/app/list/empty';
import { RowList } from '@/app/list/row-list';
import { CopyButton } from '@/app/page/copy-button';
import { DownloadLink } from '@/app/page/download-link';
import { PageHeader } from '@/app/page/page-header';
import { useFormat } from '@/i18n/format';
import { useText } from '@/i18n/use-text';
import { Badge, type Tone } from '@/ui/badge';
import { Button } from '@/ui/button';
import { cn } from '@/ui/cn';
import { useActWords } from './act-text';
import { AuditFilters } from './audit-filters';
import { useActorName, useActors } from './audit-people';
import { type AuditItem, type AuditRows, useAuditRows } from './audit-rows';
import { type AuditSearch, csvAddress, isFiltered, thingOf } from './audit-search';
import { auditRoute } from './routes';
import { text } from './text';

export function AuditPage() {
  const t = useText(text);
  const filters = auditRoute.useSearch();
  const navigate = auditRoute.useNavigate();
  const change = useCallback(
    (changed: AuditSearch) => void navigate({ search: old => ({ ...old, ...changed }), replace: true }),
    [navigate],
  );
  const clear = useCallback(() => void navigate({ search: {}, replace: true }), [navigate]);
  const rows = useAuditRows(filters);
  const actors = useActors(rows.data);
  const columns = useColumns();
  const filtered = isFiltered(filters);
  return (
    <>
      <PageHeader
        title={t.title}
        lead={t.lead}
        actions={
          <Button asChild>
            <DownloadLink href={csvAddress(filters)}>
              <Download aria-hidden />
              {t.csv}
            </DownloadLink>
          </Button>
        }
      />
      <AuditFilters filters={filters} change={change} clear={clear} actors={actors} />
      <RowList
        label={t.title}
        rows={rows}
        columns={columns}
        rowId={row => `${row.source}/${row.id}`}
        filtered={filtered && !rows.unfinished}
        onClearFilters={clear}
        empty={<Nothing rows={rows} />}
      />
    </>
  );
}

/** Nothing at all, or nothing so far. */
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

const linkStyle = 'rounded text-text hover:text-accent-text hover:underline';

function useColumns(): RowColumn<AuditItem>[] {
  const t = useText(text);
  const format = useFormat();
  return useMemo(
    () => [
      { id: 'who', header: t.columns.who, width: 15, least: 120, cell: item => <Who item={item} /> },
      { id: 'act', header: t.columns.act, width: 21, least: 150, cell: item => <Act act={item.act} /> },
      {
        id: 'object',
        header: t.columns.object,
        width: 16.5,
        least: 130,
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
        least: 104,
        card: 'beside',
        cell: item => <Outcome outcome={item.outcome} />,
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
        search={old => ({ ...old, actor: item.actor })}
        title={t.onlyThisPerson(name)}
        className={`${linkStyle} font-medium`}
      >
        {name}
      </Link>
      {item.origin ? <Quiet said={item.origin} /> : null}
    </span>
  );
}

/** A second line, as it is recorded. */
function Quiet({ said }: { said: string }) {
  return (
    <code title={said} className="line-clamp-3 font-mono text-2xs leading-3.5 text-quiet">
      {said}
    </code>
  );
}

/** In words where there are some, and always as it is recorded. */
function Act({ act }: { act: string }) {
  const words = useActWords()(act);
  return (
    <span className="grid" title={act}>
      {words ? <span className="leading-4.5">{words}</span> : null}
      <code className={cn('font-mono', words ? 'text-2xs leading-3.5 text-quiet' : 'text-xs')}>{act}</code>
    </span>
  );
}

function Thing({ item: { object, change } }: { item: AuditItem }) {
  const thing = thingOf(object);
  const code = <code className="font-mono text-xs">{object || '–'}</code>;
  return (
    <span className="grid">
      {thing ? (
        <Link to={thing.to} params={{ id: thing.id }} title={object} className={linkStyle}>
          {code}
        </Link>
      ) : (
        <span title={object}>{code}</span>
      )}
      {change ? <Quiet said={`${shown(change.old)} → ${shown(change.new)}`} /> : null}
    </span>
  );
}

function shown(value: unknown): string {
  return value === null || value === undefined ? '–' : JSON.stringify(value);
}

const TONES: Record<string, Tone> = { ok: 'good', pending: 'wait' };

function Outcome({ outcome }: { outcome: string }) {
  const words: Record<string, string> = useText(text).outcomes;
  return (
    <Badge tone={TONES[outcome] ?? 'bad'} title={outcome}>
      {words[outcome] ?? outcome}
    </Badge>
  );
}

function TraceId({ trace }: { trace: string }) {
  const t = useText(text);
  if (trace === '') return '–';
  return (
    <span className="flex items-center gap-1">
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
