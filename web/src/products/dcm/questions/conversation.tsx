import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { cn } from '@/shell/ui/cn';
import { at } from '../stages/approval';
import { namedPeople } from '../stages/named-people';
import { text as stageText } from '../stages/text';
import { text } from './text';
import { type Entry, type ThreadRow, threadOf } from './thread';

/** Questions and answers of a request, in order; screen readers announce further ones. */
export function Conversation({ row }: { row: ThreadRow }) {
  const t = useText(text);
  const entries = threadOf(row);
  const names = namedPeople(row);
  if (entries.length === 0) return null;
  return (
    <div role="log" aria-label={t.thread}>
      <ol className="grid gap-3">
        {entries.map(entry => (
          <Turn
            key={`${entry.at} ${entry.by_id}`}
            entry={entry}
            earlier={entry.revision !== row.revision}
            principal={names.get(entry.on_behalf_of_id ?? '')}
          />
        ))}
      </ol>
    </div>
  );
}

interface TurnProps {
  entry: Entry;
  /** Whether the request was changed since. */
  earlier: boolean;
  /** Name of the person whose deputy asked, if the page knows it. */
  principal: string | undefined;
}

function Turn({ entry, earlier, principal }: TurnProps) {
  const t = useText(text);
  const stages = useText(stageText);
  const format = useFormat();
  const asks = entry.kind === 'question' || entry.kind === 'proposal';
  const name = entry.by_name || t.erased;
  return (
    <li className={cn('grid gap-1', !asks && 'ml-6')}>
      <p className="text-sm">
        <span className="font-medium">{t.kinds[entry.kind](name)}</span>
        <span className="text-quiet">
          {entry.on_behalf_of_id ? `, ${principal ? stages.asDeputyOf(principal) : stages.asDeputy}` : null}
          {', '}
          <time dateTime={new Date(entry.at).toISOString()} title={format.zoned(at(entry.at))}>
            {format.since(at(entry.at))}
          </time>
          {earlier ? `, ${t.onEarlier(format.number(entry.revision))}` : null}
        </span>
      </p>
      {entry.text === null && entry.by_name ? null : (
        <blockquote
          className={cn(
            'max-w-prose rounded-lg px-3.5 py-2 whitespace-pre-line wrap-anywhere',
            asks ? 'bg-wait-soft' : 'bg-sunken',
            earlier && 'bg-transparent px-0 py-0 text-quiet',
          )}
        >
          {entry.text ?? <span className="text-quiet">{t.erasedText}</span>}
        </blockquote>
      )}
    </li>
  );
}
