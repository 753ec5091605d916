import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { shownHere } from '@/shell/api/problem';
import { CopyButton } from '@/shell/app/page/copy-button';
import { type Fact, Facts } from '@/shell/app/page/facts';
import { NotFoundPage } from '@/shell/app/page/not-found-page';
import { PageHeader } from '@/shell/app/page/page-header';
import { Panel } from '@/shell/app/page/panel';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useProducts } from '@/shell/app/product';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { cn } from '@/shell/ui/cn';
import { useActorName } from './audit-people';
import { type AuditRow, type Field, auditRowQuery } from './audit-row';
import type { Source } from './audit-search';
import { pageOf } from './page-of';
import { auditRoute, auditRowRoute } from './routes';
import { rowText } from './row-text';
import { Waterfall } from './waterfall';

/** Page of one row with a stable address: its changes, its cause, and related rows. */
export function AuditRowPage() {
  const { source, key } = auditRowRoute.useSearch();
  return source && key ? <Shown source={source} row={key} /> : <NotFoundPage />;
}

function Shown({ source, row: key }: { source: Source; row: string }) {
  const t = useText(rowText);
  const { data, error, refetch } = useQuery(auditRowQuery(source, key));
  if (!data && shownHere(error)) return <ProblemAlert cause={error} onRetry={() => void refetch()} />;
  return (
    <>
      <PageHeader
        title={t.title}
        lead={<span className="wrap-anywhere">{data?.row.sentence}</span>}
        up={{ to: auditRoute.fullPath, label: t.up }}
      />
      <div className="grid gap-5">
        <Panel title={t.facts}>
          <RowFacts data={data} />
        </Panel>
        {data && data.fields.length > 0 ? (
          <Panel title={hasBefore(data.fields) ? t.changed : t.says}>
            <Changes fields={data.fields} />
          </Panel>
        ) : null}
        {data && data.trace.length > 0 ? (
          <Panel title={t.trace} beside={<OfTrace trace={data.row.trace_id} />}>
            <Waterfall steps={data.trace} />
          </Panel>
        ) : null}
      </div>
    </>
  );
}

const linkStyle = 'rounded text-accent-text hover:underline wrap-anywhere';

function OfTrace({ trace }: { trace: string }) {
  const t = useText(rowText);
  return (
    <Link
      to={auditRoute.fullPath}
      search={{ trace }}
      className="rounded text-sm text-accent-text hover:underline"
    >
      {t.allOfTrace}
    </Link>
  );
}

/** Recorded code. */
function code(said: string | undefined) {
  return said === undefined ? undefined : (
    <code className="font-mono text-xs wrap-anywhere">{said || '–'}</code>
  );
}

function RowFacts({ data }: { data: AuditRow | undefined }) {
  const t = useText(rowText);
  const format = useFormat();
  const name = useActorName();
  const row = data?.row;
  const facts: Fact[] = [
    { label: t.when, value: row && <time dateTime={row.at}>{format.zoned(row.at)}</time> },
    { label: t.who, value: row && (row.origin ?? name(row)) },
    { label: t.about, value: row && <About row={row} /> },
    { label: t.outcome, value: row?.outcome_text },
    { label: t.cause, value: row && (data.cause ? <Cause cause={data.cause} /> : null) },
    { label: t.count, value: row && (row.count > 1 ? format.number(row.count) : null) },
    { label: t.act, value: code(row?.act) },
    { label: t.object, value: code(row?.object) },
    { label: t.position, value: row && (row.source === 'log' ? code(row.row) : null) },
    {
      label: t.traceId,
      value: row && (row.trace_id ? <Copied text={row.trace_id} what={t.traceId} /> : null),
    },
  ];
  return <Facts facts={facts} />;
}

function About({ row }: { row: AuditRow['row'] }) {
  const page = pageOf(row, useProducts());
  const name = row.thing ?? '–';
  if (!page) return <span className="wrap-anywhere">{name}</span>;
  return (
    <Link {...page} className={linkStyle}>
      {name}
    </Link>
  );
}

function Cause({ cause }: { cause: NonNullable<AuditRow['cause']> }) {
  return (
    <Link to={auditRowRoute.fullPath} search={{ source: 'log', key: cause.row }} className={linkStyle}>
      {cause.sentence}
    </Link>
  );
}

function Copied({ text, what }: { text: string; what: string }) {
  return (
    <span className="flex items-center gap-1">
      <code className="min-w-0 font-mono text-xs wrap-anywhere">{text}</code>
      <CopyButton text={text} what={what} />
    </span>
  );
}

const hasBefore = (fields: Field[]) => fields.some(field => field.old !== null);

/** Fields, changed ones first and marked by text as well as colour. */
function Changes({ fields }: { fields: Field[] }) {
  const t = useText(rowText);
  const before = hasBefore(fields);
  return (
    <table className="w-full table-fixed text-sm">
      <caption className="sr-only">{before ? t.changed : t.says}</caption>
      <thead className="text-left text-xs text-quiet">
        <tr>
          <th scope="col" className="px-5 py-2 font-medium">
            {t.field}
          </th>
          {before ? (
            <th scope="col" className="px-2 py-2 font-medium">
              {t.old}
            </th>
          ) : null}
          <th scope="col" className="px-2 py-2 pr-5 font-medium">
            {before ? t.new : t.value}
          </th>
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {fields.map(field => (
          <Change key={field.name} field={field} before={before} />
        ))}
      </tbody>
    </table>
  );
}

function Change({ field, before }: { field: Field; before: boolean }) {
  const t = useText(rowText);
  const cell = 'px-2 py-2 align-top wrap-anywhere whitespace-pre-wrap';
  return (
    <tr className={cn(field.changed ? 'font-medium' : 'text-quiet')}>
      <th scope="row" title={field.name} className={cn(cell, 'pl-5 text-left font-normal')}>
        {field.title}
        {field.changed ? <span className="sr-only"> ({t.changedMark})</span> : null}
      </th>
      {field.personal ? (
        <td colSpan={before ? 2 : 1} className={cn(cell, 'pr-5 text-quiet')}>
          {t.personal}
        </td>
      ) : (
        <>
          {before ? <td className={cell}>{field.old ?? '–'}</td> : null}
          <td className={cn(cell, 'pr-5')}>{field.new ?? '–'}</td>
        </>
      )}
    </tr>
  );
}
