import { shownHere } from '@/shell/api/problem';
import { Panel } from '@/shell/app/page/panel';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Badge } from '@/shell/ui/badge';
import { type Row, useAllRows } from '../api';
import { type Version, changesOf } from './changes';
import { text as changeText } from './changes-text';
import type { PolicyDocument } from './document';
import { toneOf } from './policy-status';
import type { Speech } from './sentence';
import { text } from './text';
import { useNames, useSpeech } from './use-names';

type VersionRow = Row<'policy-versions'>;

/** Published versions of a policy, each with its differences from the one before. */
export function PolicyHistory({ policy }: { policy: string }) {
  const t = useText(text);
  const { data, error, refetch } = useAllRows('policy-versions', { policy, sort: '-version' });
  const documents = (data ?? []).flatMap(row => versionOf(row)?.document ?? []);
  const speech = useSpeech(useNames(documents));
  return (
    <Panel title={t.history}>
      {shownHere(error) && !data ? (
        <div className="p-4">
          <ProblemAlert cause={error} onRetry={() => void refetch()} />
        </div>
      ) : null}
      {data?.length === 0 ? <p className="px-5 py-5 text-sm text-quiet">{t.historyEmpty}</p> : null}
      <ol className="divide-y divide-line">
        {(data ?? []).map((row, index, rows) => (
          <VersionItem key={row.key} row={row} before={rows[index + 1]} speech={speech} />
        ))}
      </ol>
    </Panel>
  );
}

interface VersionItemProps {
  row: VersionRow;
  before: VersionRow | undefined;
  speech: Speech;
}

function VersionItem({ row, before, speech }: VersionItemProps) {
  const t = useText(text);
  const changeWords = useText(changeText);
  const format = useFormat();
  const published = t.publishedBy(format.dateTime(row.published_at), row.published_by_name ?? t.someone);
  const [old, now] = [versionOf(before), versionOf(row)];
  const changes = old && now ? changesOf(old, now, speech, changeWords) : null;
  return (
    <li className="grid gap-1.5 px-5 py-4 text-sm">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h3 className="font-semibold">{t.version(format.number(row.version))}</h3>
        <Badge tone={toneOf(row.status)}>{row.status_text}</Badge>
      </div>
      <p className="text-quiet">{published}</p>
      {row.reason ? <p className="wrap-anywhere">{t.reasonIs(row.reason)}</p> : null}
      {changes ? (
        <ul className="list-disc pl-5">
          {(changes.length > 0 ? changes : [t.noChanges]).map(change => (
            <li key={change} className="wrap-anywhere">
              {change}
            </li>
          ))}
        </ul>
      ) : (
        <p>{t.firstVersion}</p>
      )}
      <Ending row={row} />
    </li>
  );
}

/** End of a version: its retirement, or the publication of the next one. */
function Ending({ row }: { row: VersionRow }) {
  const t = useText(text);
  const format = useFormat();
  if (row.status === 'superseded')
    return <p className="text-quiet">{t.endedAt(format.dateTime(row.ended_at))}</p>;
  if (row.status !== 'retired') return null;
  return (
    <>
      <p className="text-quiet">
        {t.retiredBy(format.dateTime(row.ended_at), row.retired_by_name ?? t.someone)}
      </p>
      {row.retired_reason ? <p className="wrap-anywhere">{t.reasonIs(row.retired_reason)}</p> : null}
    </>
  );
}

function versionOf(row: VersionRow | undefined): Version | null {
  if (!row?.document) return null;
  const name = { de: row.name_de ?? '', en: row.name_en ?? '' };
  return { name, document: row.document as PolicyDocument };
}
