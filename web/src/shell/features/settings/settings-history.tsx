import { useInfiniteQuery } from '@tanstack/react-query';
import { shownHere } from '@/shell/api/problem';
import { LoadMore, MoreFailed } from '@/shell/app/list/load-more';
import { Panel } from '@/shell/app/page/panel';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Skeleton } from '@/shell/ui/skeleton';
import { type ProductSettings, type Version, historyQuery } from './settings';
import { text } from './text';

/** Changes of a product's settings, the newest first. */
export function SettingsHistory({ settings }: { settings: ProductSettings }) {
  const t = useText(text);
  const rows = useInfiniteQuery({ ...historyQuery(settings), placeholderData: last => last });
  const { data, error, refetch } = rows;
  return (
    <Panel title={t.history}>
      <div className="grid gap-4 p-5">
        {data ? (
          <Versions versions={data} />
        ) : shownHere(error) ? (
          <ProblemAlert cause={error} onRetry={() => void refetch()} />
        ) : (
          <Skeleton className="h-24" />
        )}
        <MoreFailed rows={rows} />
        <div className="empty:hidden">
          <LoadMore rows={rows} size="small" />
        </div>
      </div>
    </Panel>
  );
}

function Versions({ versions }: { versions: Version[] }) {
  const t = useText(text);
  const format = useFormat();
  if (versions.length === 0) return <p className="text-sm text-quiet">{t.never}</p>;
  return (
    <ol aria-label={t.history} className="grid gap-4">
      {versions.map(({ version, changes, updated_by_name: by, updated_at: at }) => (
        <li key={version} className="grid gap-1 text-sm">
          <p className="text-xs text-quiet">{t.by(by ?? t.erased, format.dateTime(at))}</p>
          {changes.length === 0 ? <p>{t.same}</p> : null}
          {changes.map(change => (
            <p key={change.name} className="wrap-anywhere">
              {t.change(change.label, change.old || t.nothing, change.new || t.nothing)}
            </p>
          ))}
        </li>
      ))}
    </ol>
  );
}
