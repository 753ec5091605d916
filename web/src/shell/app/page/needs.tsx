import { Link, type LinkProps } from '@tanstack/react-router';
import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { shownHere } from '@/shell/api/problem';
import { Panel } from '@/shell/app/page/panel';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useShellText } from '@/shell/i18n/shell-text';
import { Skeleton } from '@/shell/ui/skeleton';

interface NeedsProps<T> {
  title: string;
  /** Sentence for an empty panel. */
  empty: string;
  source: { data: T[] | undefined; error: Error | null; refetch: () => unknown };
  /** Whether an empty panel is good news or neutral. */
  good?: boolean;
  /** Content above the entries. */
  first?: ReactNode;
  /** Link to all entries. */
  all?: LinkProps;
  children: (item: T) => ReactNode;
}

const MOST = 5;

/** Panel of the home page with the first entries of a list. */
export function Needs<T>({ title, empty, source, all, good, first, children }: NeedsProps<T>) {
  const t = useShellText().needs;
  const { data, error, refetch } = source;
  return (
    <Panel
      title={title}
      beside={
        all ? (
          <Link
            {...all}
            aria-label={`${t.all}: ${title}`}
            className="rounded text-sm text-accent-text underline-offset-2 hover:underline"
          >
            {t.all}
          </Link>
        ) : null
      }
    >
      {!data && shownHere(error) ? (
        <div className="p-4">
          <ProblemAlert cause={error} onRetry={() => void refetch()} />
        </div>
      ) : data?.length === 0 && first ? (
        <ul className="divide-y divide-line">{first}</ul>
      ) : data?.length === 0 ? (
        <p className="flex items-center gap-2.5 px-5 py-5 text-quiet">
          {good ? <Check aria-hidden className="size-4 shrink-0 text-good" /> : null}
          {empty}
        </p>
      ) : data ? (
        <ul className="divide-y divide-line">
          {first}
          {data.slice(0, MOST).map(children)}
        </ul>
      ) : (
        <div className="grid gap-4 px-5 py-5">
          <Skeleton className="w-2/3" />
          <Skeleton className="w-1/2" />
        </div>
      )}
    </Panel>
  );
}

interface NeedProps {
  link?: LinkProps;
  name: ReactNode;
  /** Note below the name. */
  note?: ReactNode;
  /** Content at the end of the line. */
  beside?: ReactNode;
}

export function Need({ link, name, note, beside }: NeedProps) {
  return (
    <li className="relative flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-5 py-3 transition-colors hover:bg-hover">
      <div className="grid min-w-0 gap-0.5">
        {link ? (
          <Link {...link} className="rounded font-medium after:absolute after:inset-0 hover:text-accent-text">
            {name}
          </Link>
        ) : (
          <span className="font-medium">{name}</span>
        )}
        {note ? <span className="text-quiet">{note}</span> : null}
      </div>
      {beside ? <div className="text-sm text-quiet">{beside}</div> : null}
    </li>
  );
}
