import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { shownHere } from '@/shell/api/problem';
import { Empty } from '@/shell/app/list/empty';
import { CopyButton } from '@/shell/app/page/copy-button';
import { PageHeader } from '@/shell/app/page/page-header';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Badge } from '@/shell/ui/badge';
import { Button } from '@/shell/ui/button';
import { Skeleton } from '@/shell/ui/skeleton';
import { type Plugin, pluginsQuery } from './platform';
import { StopPlugin } from './stop-plugin';
import { text } from './text';

export function PluginsPage() {
  const { plugins: t, reload } = useText(text);
  const { data, error, refetch } = useQuery(pluginsQuery);
  const again = () => void refetch();
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      {data ? (
        data.length > 0 ? (
          <ul aria-label={t.title} className="grid gap-5">
            {data.map(plugin => (
              <li key={plugin.id} className="min-w-0 rounded-xl border border-line bg-surface shadow-low">
                <PluginCard plugin={plugin} />
              </li>
            ))}
          </ul>
        ) : (
          <Empty sentence={t.empty}>
            <Button onClick={again}>{reload}</Button>
          </Empty>
        )
      ) : shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={again} />
      ) : (
        <SkeletonCard />
      )}
    </>
  );
}

function PluginCard({ plugin }: { plugin: Plugin }) {
  const { plugins: t } = useText(text);
  const format = useFormat();
  return (
    <>
      <div className="grid gap-4 border-b border-line p-5 sm:p-6">
        <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
          <h2 className="text-lg font-semibold">{plugin.name}</h2>
          <code className="font-mono text-xs text-quiet">{plugin.id}</code>
          {plugin.stopped ? <Badge tone="bad">{t.isStopped(plugin.name)}</Badge> : null}
          <span className="ml-auto">
            <StopPlugin plugin={plugin} />
          </span>
        </div>
        {plugin.stopped_reason ? <p className="text-sm text-quiet">{plugin.stopped_reason}</p> : null}
        <dl className="grid gap-x-8 gap-y-3 @xl:grid-cols-[auto_auto_minmax(0,1fr)] @xl:justify-start">
          <Fact label={t.version}>
            <span className="font-mono">{plugin.version}</span>
          </Fact>
          <Fact label={t.generation}>{format.number(plugin.generation)}</Fact>
          <Fact label={t.digest}>
            <span className="flex items-start gap-1">
              <code className="min-w-0 pt-0.5 font-mono text-xs break-all">{plugin.digest}</code>
              <CopyButton text={plugin.digest} what={`${t.digest} (${plugin.name})`} className="-mt-1.5" />
            </span>
          </Fact>
        </dl>
      </div>
      <div className="grid gap-6 p-5 sm:p-6 @3xl:grid-cols-2">
        <Imports title={t.domain} imports={plugin.imports.domain} />
        <Imports title={t.workflow} imports={plugin.imports.workflow} />
        <Requests requests={plugin.requests} />
      </div>
    </>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid min-w-0 content-start gap-0.5">
      <dt className="text-xs text-quiet">{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Imports read from the component itself, not from the package's description. */
function Imports({ title, imports }: { title: string; imports: Plugin['imports']['domain'] }) {
  const { plugins: t } = useText(text);
  return (
    <div className="grid min-w-0 content-start gap-2">
      <h3 className="font-semibold">{title}</h3>
      {imports.length === 0 ? (
        <p className="text-good">{t.nothing}</p>
      ) : (
        <ul className="grid gap-2">
          {imports.map(({ interface: name, functions }) => (
            <li key={name} className="grid font-mono text-xs wrap-anywhere">
              <span>{name}</span>
              <span className="text-quiet">{functions.map(plain).join(', ')}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Simplifies names such as `[method]writer.clone`. */
function plain(name: string): string {
  return name.replace(/^\[[a-z-]+\]/, '');
}

function Requests({ requests }: { requests: Plugin['requests'] }) {
  const { plugins: t } = useText(text);
  const format = useFormat();
  return (
    <div className="grid min-w-0 content-start gap-2 @3xl:col-span-2">
      <h3 className="font-semibold">{t.requests}</h3>
      {requests.length === 0 ? <p className="text-quiet">{t.noRequests}</p> : null}
      <ul className="grid gap-3 @xl:grid-cols-2">
        {requests.map(({ capability, grant, interfaces, optional }) => (
          <li
            key={`${capability}/${grant}`}
            className="grid min-w-0 content-start gap-2 rounded-lg bg-sunken px-4 py-3"
          >
            <p className="flex flex-wrap items-baseline gap-x-1.5 font-mono text-sm">
              {capability}
              <span className="font-sans text-xs text-quiet">{t.grant}</span>
              {grant}
              {optional ? <span className="font-sans text-xs text-quiet">{t.optional}</span> : null}
            </p>
            <dl className="grid grid-cols-[minmax(0,auto)_minmax(0,1fr)] gap-x-3 gap-y-1 text-xs">
              <dt className="text-quiet">{t.interfaces}</dt>
              <dd className="font-mono">{format.allOf(interfaces)}</dd>
            </dl>
          </li>
        ))}
      </ul>
    </div>
  );
}

function SkeletonCard() {
  return (
    <div aria-busy className="grid gap-4 rounded-xl border border-line bg-surface p-6">
      <Skeleton className="h-5 w-40" />
      <Skeleton className="w-4/5" />
      <Skeleton className="w-3/5" />
      <Skeleton className="w-2/3" />
    </div>
  );
}
