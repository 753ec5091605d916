import { useLocation } from '@tanstack/react-router';
import { type ComponentType, type ReactNode, useRef } from 'react';
import { shownHere } from '@/shell/api/problem';
import { Empty } from '@/shell/app/list/empty';
import { FreshNote } from '@/shell/app/list/fresh-note';
import { LoadMore, MoreFailed, moreFailed } from '@/shell/app/list/load-more';
import type { RowSource } from '@/shell/app/list/row-list-props';
import { useListKeys } from '@/shell/app/list/use-list-keys';
import { useSteadyRows } from '@/shell/app/list/use-steady-rows';
import { CopyButton } from '@/shell/app/page/copy-button';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';
import { cn } from '@/shell/ui/cn';
import { Skeleton } from '@/shell/ui/skeleton';

interface FailureListProps<R> {
  label: string;
  rows: RowSource<R>;
  rowId: (row: R) => string;
  matches: (row: R) => boolean;
  onClearFilters: () => void;
  Card: ComponentType<{ row: R }>;
  empty: ReactNode;
  /** Disables j and k, which only one list of a page may use. */
  withoutKeys?: true;
}

const stay = () => undefined;

/** Failures with their full sentences, as cards, since a table would cut the sentences. */
export function FailureList<R>(props: FailureListProps<R>) {
  const { label, rows, rowId, matches, onClearFilters, Card, empty, withoutKeys } = props;
  const t = useShellText();
  const list = useRef<HTMLUListElement>(null);
  const scope = useLocation({ select: location => location.searchStr });
  const steady = useSteadyRows(rows.data?.filter(matches) ?? [], rowId, scope);
  const shown = steady.rows;
  useListKeys(list, { count: withoutKeys ? 0 : shown.length, scrollTo: stay });
  if (rows.data === undefined)
    return shownHere(rows.error) ? (
      <ProblemAlert cause={rows.error} onRetry={() => void rows.refetch()} />
    ) : (
      <SkeletonCards />
    );
  if (rows.data.length === 0 && shown.length === 0) return empty;
  if (shown.length === 0 && !moreFailed(rows)) {
    return (
      <Empty sentence={t.list.noMatch}>
        <Button onClick={onClearFilters}>{t.list.clear}</Button>
      </Empty>
    );
  }
  return (
    <>
      <div {...steady.place}>
        <FreshNote fresh={steady.fresh} update={steady.update} />
        <ul ref={list} aria-label={label} className="grid gap-3">
          {shown.map((row, index) => (
            <SteadyCard key={rowId(row)} index={index} gone={steady.gone.has(rowId(row))}>
              <Card row={row} />
            </SteadyCard>
          ))}
        </ul>
      </div>
      {rows.hasNextPage ? (
        <div className="grid gap-3 pt-3">
          <MoreFailed rows={rows} />
          <div className="justify-self-end">
            <LoadMore rows={rows} size="small" />
          </div>
        </div>
      ) : null}
    </>
  );
}

interface SteadyCardProps {
  index?: number;
  gone: boolean;
  children: ReactNode;
}

/** Card of a removed row, without actions, which stays while the list must not move. */
export function SteadyCard({ index, gone, children }: SteadyCardProps) {
  const t = useShellText().list;
  return (
    <li
      data-row-index={index}
      className="relative min-w-0 rounded-xl border border-line bg-surface p-4 shadow-low sm:p-5"
    >
      {gone ? (
        <p
          role="status"
          className="absolute -top-2.5 left-4 rounded-full border border-line bg-raised px-2.5 text-xs font-medium"
        >
          {t.gone}
        </p>
      ) : null}
      <div inert={gone} className={cn(gone && 'opacity-55')}>
        {children}
      </div>
    </li>
  );
}

interface FailureProps {
  title: ReactNode;
  heading?: 'h2' | 'h3';
  /** Sentence for people. */
  sentence: ReactNode;
  facts: { label: string; value: ReactNode }[];
  /** Details for those who repair the failure. */
  details?: ReactNode;
  detailsLabel: string;
  trace: string | null | undefined;
  actions?: ReactNode;
}

export function Failure(props: FailureProps) {
  const { title, heading: Heading = 'h2', sentence, facts, details, detailsLabel, trace, actions } = props;
  const t = useShellText();
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
      <div className="grid min-w-0 flex-1 basis-80 gap-2.5">
        <Heading className="text-[0.9375rem] font-semibold">{title}</Heading>
        <div>{sentence}</div>
        <dl className="flex flex-wrap gap-x-5 gap-y-1 text-xs">
          {facts.map(({ label, value }) => (
            <div key={label} className="flex items-center gap-x-1.5">
              <dt className="text-quiet">{label}</dt>
              <dd className="font-medium">{value}</dd>
            </div>
          ))}
        </dl>
        {details ? (
          <details className="text-xs">
            <summary className="w-fit rounded text-quiet hover:text-text">{detailsLabel}</summary>
            <div className="mt-1.5 rounded-lg bg-sunken px-3 py-2 font-mono">{details}</div>
          </details>
        ) : null}
        {trace ? (
          <p className="flex flex-wrap items-center gap-x-2 text-xs text-quiet">
            {t.errors.trace}
            <span className="flex min-w-0 items-center gap-1">
              <code className="min-w-0 font-mono break-all text-text">{trace}</code>
              <CopyButton text={trace} what={t.errors.trace} className="-my-1.5" />
            </span>
          </p>
        ) : null}
      </div>
      {actions ? <div className="flex flex-wrap gap-2">{actions}</div> : null}
    </div>
  );
}

function SkeletonCards() {
  return (
    <ul aria-hidden className="grid gap-3">
      {[38, 52, 44].map(share => (
        <li key={share} className="grid gap-3.5 rounded-xl border border-line bg-surface p-5">
          <Skeleton className="h-4" style={{ width: `${share}%` }} />
          <Skeleton className="w-4/5" />
          <Skeleton className="w-2/5" />
        </li>
      ))}
    </ul>
  );
}

/** Whether one of the texts contains the query. */
export function contains(query: string | undefined, ...texts: (string | null | undefined)[]): boolean {
  const wanted = query?.trim().toLocaleLowerCase() ?? '';
  return wanted === '' || texts.some(text => text?.toLocaleLowerCase().includes(wanted));
}
