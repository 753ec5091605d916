import { type ReactNode, useMemo } from 'react';
import { Panel } from '@/shell/app/page/panel';
import { useFormat } from '@/shell/i18n/format';
import { textOfCode } from '@/shell/i18n/text-of-code';
import { useText } from '@/shell/i18n/use-text';
import { cn } from '@/shell/ui/cn';
import { Skeleton } from '@/shell/ui/skeleton';
import type { Row } from '../api';
import { namedPeople } from '../stages/named-people';
import { text as stageText } from '../stages/text';
import { stepText } from './step-text';
import { text } from './text';

type Event = Row<'timeline'>;

const BAD = new Set([
  'step-failed',
  'request-failed',
  'request-rejected',
  'request-expired',
  'request-cancel-failed',
  'vm-decommission-failed',
  'vm-refresh-failed',
]);
const GOOD = new Set([
  'stage-passed',
  'request-approved',
  'request-auto-approved',
  'request-fulfilled',
  'vm-provisioned',
  'vm-decommissioned',
]);
const WAIT = new Set(['stalled', 'stage-escalated', 'question-asked']);

interface TimelineProps {
  events: Event[] | undefined;
  /** Content beside the title. */
  beside?: ReactNode;
  /** Content in place of the list. */
  children?: ReactNode;
}

/** Events of a request or a machine, newest first. */
export function Timeline({ events, beside, children }: TimelineProps) {
  const t = useText(text).timeline;
  const shown = useMemo(() => events && condensed(events), [events]);
  return (
    <Panel title={t.title} beside={beside}>
      {children ? (
        children
      ) : shown ? (
        shown.length > 0 ? (
          <ol className="px-5 py-4">
            {shown.map(event => (
              <Entry key={event.key} event={event} />
            ))}
          </ol>
        ) : (
          <p className="px-5 py-6 text-quiet">{t.empty}</p>
        )
      ) : (
        <div className="grid gap-4 px-5 py-5">
          <Skeleton className="w-1/2" />
          <Skeleton className="w-2/3" />
          <Skeleton className="w-2/5" />
        </div>
      )}
    </Panel>
  );
}

/**
 * Events, newest first, with one line per step, which joins its progress and its end. Separate
 * lines would hide the acts of people.
 */
export function condensed(events: readonly Event[]): Event[] {
  const shown: Event[] = [];
  for (const event of events) {
    const begun = shown.findLastIndex(one => one.kind === 'step-started' && one.step === event.step);
    const start = shown[begun];
    if (event.kind === 'step-progressed') {
      if (start) shown[begun] = { ...start, percent: event.percent };
      continue;
    }
    if (start && (event.kind === 'step-finished' || event.kind === 'step-failed')) shown.splice(begun, 1);
    shown.push(event);
  }
  return shown.toReversed();
}

function Entry({ event }: { event: Event }) {
  const t = useText(text);
  const words = useText(stepText);
  const format = useFormat();
  const kind = event.kind ?? '';
  const step = textOfCode(words.steps, event.step);
  return (
    <li className="group/entry relative grid grid-cols-[0.75rem_minmax(0,1fr)] gap-x-4 pb-5 last:pb-1">
      <span aria-hidden className="relative flex justify-center">
        <span className="absolute top-2 bottom-[-1.25rem] w-px bg-line group-last/entry:hidden" />
        <span
          data-light
          className={cn(
            'relative mt-1.5 size-2.5 rounded-full border-2 border-surface bg-line-strong ring-1 ring-line-strong',
            BAD.has(kind) && 'bg-bad ring-bad',
            GOOD.has(kind) && 'bg-good ring-good',
            WAIT.has(kind) && 'bg-wait ring-wait',
          )}
        />
      </span>
      <div className="grid gap-0.5">
        <p className="flex items-baseline justify-between gap-x-4">
          <span className="font-medium">
            {textOfCode(words.kinds, kind)}
            {step ? <span className="font-normal text-quiet"> · {step}</span> : null}
            {kind === 'step-started' && event.percent ? (
              <span className="font-normal text-quiet">
                {' '}
                · {t.progress.percent(format.number(event.percent))}
              </span>
            ) : null}
          </span>
          <time
            dateTime={event.at ?? undefined}
            title={format.zoned(event.at)}
            className="shrink-0 text-xs whitespace-nowrap text-quiet"
          >
            {format.since(event.at)}
          </time>
        </p>
        <Actor event={event} />
        {event.message ? (
          <details className="text-xs text-quiet">
            <summary className="inline-flex min-h-6 items-center underline underline-offset-2">
              {t.timeline.details}
            </summary>
            <p className="mt-1 rounded-md bg-sunken px-2.5 py-1.5 font-mono text-2xs wrap-anywhere">
              {event.code ? `${event.code}: ` : ''}
              {event.message}
            </p>
          </details>
        ) : null}
      </div>
    </li>
  );
}

/** Person who caused an event, and the person whose deputy that was. */
function Actor({ event }: { event: Event }) {
  const t = useText(stageText);
  if (!event.actor_name) return null;
  const principal = event.on_behalf_of_id && namedPeople(event).get(event.on_behalf_of_id);
  return (
    <p className="text-xs text-quiet">
      {event.actor_name}
      {event.on_behalf_of_id ? `, ${principal ? t.asDeputyOf(principal) : t.asDeputy}` : null}
    </p>
  );
}
