import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Plug } from 'lucide-react';
import { useRef } from 'react';
import { Empty } from '@/shell/app/list/empty';
import { useListKeys } from '@/shell/app/list/use-list-keys';
import { PageHeader } from '@/shell/app/page/page-header';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { shownHere } from '@/shell/api/problem';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Skeleton } from '@/shell/ui/skeleton';
import { ConnectionBadge, connectionProblemOf } from './connection-state';
import { connectionTypesQuery, useKindName } from './connection-types';
import { type Connection, connectionsQuery } from './connections';
import { MissingGrants } from './missing-grants';
import { text } from './text';

export function ConnectionsPage() {
  const t = useText(text);
  const { data, error, refetch } = useQuery(connectionsQuery);
  const { isPending } = useQuery(connectionTypesQuery);
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      <MissingGrants />
      {data && !isPending ? (
        <Connections connections={data} reload={() => void refetch()} />
      ) : shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : (
        <SkeletonCards />
      )}
    </>
  );
}

const stay = () => undefined;

function Connections({ connections, reload }: { connections: Connection[]; reload: () => void }) {
  const t = useText(text);
  const list = useRef<HTMLUListElement>(null);
  useListKeys(list, { count: connections.length, scrollTo: stay });
  if (connections.length === 0) {
    return (
      <Empty sentence={t.empty}>
        <Button onClick={reload}>{t.reload}</Button>
      </Empty>
    );
  }
  return (
    <ul ref={list} aria-label={t.title} className="grid gap-4 @4xl:grid-cols-2">
      {connections.map((connection, index) => (
        <li
          key={`${connection.capability}/${connection.name}`}
          data-row-index={index}
          className="grid min-w-0 content-start gap-4 rounded-xl border border-line bg-surface p-5 shadow-low"
        >
          <Card connection={connection} />
        </li>
      ))}
    </ul>
  );
}

function Card({ connection }: { connection: Connection }) {
  const t = useText(text);
  const kindName = useKindName();
  const { capability, name, configured } = connection;
  const error = connectionProblemOf(connection);
  const kind = kindName(capability);
  return (
    <>
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="flex min-w-0 items-center gap-3">
          <span className="grid size-9 shrink-0 place-items-center rounded-lg border border-line bg-sunken text-quiet">
            <Plug aria-hidden className="size-4.5" />
          </span>
          <div className="min-w-0">
            <h2 className="text-base font-semibold">{kind}</h2>
            <p className="font-mono text-xs text-quiet">{name}</p>
          </div>
        </div>
        <ConnectionBadge connection={connection} />
      </div>
      {configured ? <Facts connection={connection} /> : <p className="text-quiet">{t.missing}</p>}
      {error ? <p className="rounded-lg bg-bad-soft px-3 py-2 text-bad">{error}</p> : null}
      <div>
        <Button asChild look={configured ? 'secondary' : 'primary'}>
          <Link
            to="/admin/connections/$capability/$name"
            params={{ capability, name }}
            aria-label={configured ? t.changeOf(kind) : t.setUpOf(kind)}
          >
            {configured ? t.change : t.setUp}
          </Link>
        </Button>
      </div>
    </>
  );
}

function Facts({ connection }: { connection: Connection }) {
  const t = useText(text);
  const format = useFormat();
  const { config, last_check_at: checked, last_use_at: used, updated_at: updated } = connection;
  const use = (at: string) => (connection.use_error ? t.failed : String)(format.dateTime(at));
  const facts: [string, string, string?][] = [
    [t.address, addressOf(config), 'font-mono text-xs'],
    [t.account, String(config?.['username'] ?? '') || t.noAccount],
    [t.tested, checked ? format.dateTime(checked) : t.never],
    [t.used, used ? use(used) : t.never],
    [t.updated, format.dateTime(updated)],
  ];
  return (
    <dl className="grid grid-cols-[minmax(0,7.5rem)_minmax(0,1fr)] gap-x-3 gap-y-1.5 text-sm">
      {facts.map(([label, value, style]) => (
        <div key={label} className="col-span-2 grid grid-cols-subgrid items-baseline">
          <dt className="text-quiet">{label}</dt>
          <dd className={style}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function addressOf(config: Connection['config']): string {
  const { url, host, port } = config ?? {};
  return typeof url === 'string' ? url : [host, port].filter(Boolean).join(':') || '–';
}

function SkeletonCards() {
  return (
    <div aria-busy className="grid gap-4 @4xl:grid-cols-2">
      {[56, 44].map(share => (
        <div key={share} aria-hidden className="grid gap-4 rounded-xl border border-line bg-surface p-5">
          <Skeleton className="h-5" style={{ width: `${share}%` }} />
          <Skeleton className="w-4/5" />
          <Skeleton className="w-3/5" />
          <Skeleton className="h-9 w-24" />
        </div>
      ))}
    </div>
  );
}
