import { useId, useMemo } from 'react';
import { useFormat } from '@/shell/i18n/format';
import { useLanguage } from '@/shell/i18n/language';
import { textOfCode } from '@/shell/i18n/text-of-code';
import { useText } from '@/shell/i18n/use-text';
import { cn } from '@/shell/ui/cn';
import type { Row } from '../api';
import { stepText } from '../requests/step-text';
import { chainOf } from '../stages/chain';
import { text as stagesText } from '../stages/text';
import { durationWords } from './duration-words';
import { type Group, type Phase, placeOf } from './phases';
import { text } from './text';
import { type StageSpan, waterfall } from './waterfall';

export interface WaterfallListProps {
  request: Row<'requests'>;
  events: Row<'timeline'>[];
}

/** Durations of a request that has ended, as lists with a bar per phase. */
export function WaterfallList({ request, events }: WaterfallListProps) {
  const t = useText(text);
  const groups = useMemo(() => waterfall(events, stagesOf(request)), [events, request]);
  if (groups.length === 0) return <p className="px-5 py-6 text-quiet">{t.empty}</p>;
  const several = new Set(groups.filter(one => one.attempt > 1).map(one => one.kind));
  return (
    <div className="grid gap-6 px-5 py-4">
      {groups.map(group => (
        <Axis
          key={`${group.kind} ${group.attempt}`}
          group={group}
          isNumbered={several.has(group.kind)}
          request={request}
        />
      ))}
    </div>
  );
}

function stagesOf(request: Row<'requests'>): StageSpan[] {
  return chainOf(request)
    .flat()
    .flatMap(({ planned, progress, state }) =>
      progress
        ? [
            {
              key: planned.key,
              begin: progress.since,
              passed: progress.passed_at,
              isRejected: state === 'rejected',
            },
          ]
        : [],
    );
}

interface AxisProps {
  group: Group;
  /** Whether the heading has the number of the attempt. */
  isNumbered: boolean;
  request: Row<'requests'>;
}

/** Phases on one time axis, whose ends are below the bars. */
function Axis({ group, isNumbered, request }: AxisProps) {
  const t = useText(text);
  const format = useFormat();
  const language = useLanguage();
  const id = useId();
  const name = t.groups[group.kind];
  const words = (millis: number) => durationWords(millis, language);
  return (
    <section aria-labelledby={id} className="grid gap-2.5">
      <div>
        <h3 id={id} className="flex flex-wrap justify-between gap-x-4 text-sm font-semibold">
          <span>{isNumbered ? t.attempt(name, format.number(group.attempt)) : name}</span>{' '}
          <span>{words(group.end - group.begin)}</span>
        </h3>
        {group.pause === null ? null : <p className="text-xs text-quiet">{t.pause(words(group.pause))}</p>}
      </div>
      <ol className="grid gap-2.5">
        {group.phases.map(phase => (
          <Bar
            key={`${phase.kind} ${phase.of} ${phase.begin}`}
            phase={phase}
            group={group}
            request={request}
          />
        ))}
      </ol>
      <p aria-hidden className="flex justify-between gap-4 border-t border-line pt-1 text-2xs text-quiet">
        <span>{format.exact(new Date(group.begin))}</span>
        <span className="text-right">{format.exact(new Date(group.end))}</span>
      </p>
    </section>
  );
}

/** Width in px of the bar of a phase that is too short for its axis. */
const LEAST = 6;

interface BarProps {
  phase: Phase;
  group: Group;
  request: Row<'requests'>;
}

function Bar({ phase, group, request }: BarProps) {
  const t = useText(text);
  const format = useFormat();
  const language = useLanguage();
  const name = useName(phase, group, request);
  const begin = new Date(phase.begin);
  const { left, width } = placeOf(phase, group);
  const outcome = outcomeOf(phase);
  return (
    <li className="grid gap-1">
      <p className="flex flex-wrap items-baseline justify-between gap-x-4 text-sm">
        <span className="min-w-0 wrap-anywhere">
          {name}
          {outcome ? (
            <span className={phase.outcome === 'failed' ? 'text-bad' : 'text-quiet'}>
              {' '}
              · {t.outcomes[outcome]}
            </span>
          ) : null}
        </span>{' '}
        <time dateTime={begin.toISOString()} className="sr-only">
          {t.began(format.exact(begin))}
        </time>{' '}
        <span className="ml-auto text-xs text-quiet tabular-nums" title={format.zoned(begin)}>
          {phase.end === null ? t.unknown : durationWords(phase.end - phase.begin, language)}
        </span>
      </p>
      <div aria-hidden className="relative h-2 rounded-full bg-sunken">
        <div
          className={cn(
            'absolute inset-y-0 rounded-full',
            COLOURS[phase.outcome],
            PAUSED.has(phase.kind) && 'bg-wait',
          )}
          style={{
            left: `min(${left}%, calc(100% - ${LEAST}px))`,
            width: `${width}%`,
            minWidth: LEAST,
          }}
        />
      </div>
    </li>
  );
}

const COLOURS = { done: 'bg-good', failed: 'bg-bad', ended: 'bg-line-strong' } as const;

/** Kinds of phases in which the request waits for its requester, or for its first step. */
const PAUSED: ReadonlySet<Phase['kind']> = new Set(['question', 'proposal', 'wait']);

function outcomeOf({ kind, outcome }: Phase): 'failed' | 'rejected' | 'ended' | null {
  if (outcome === 'done') return null;
  return outcome === 'failed' && kind === 'stage' ? 'rejected' : outcome;
}

function useName({ kind, of }: Phase, group: Group, request: Row<'requests'>): string {
  const t = useText(text);
  const stages = useText(stagesText);
  const { steps } = useText(stepText);
  const language = useLanguage();
  const format = useFormat();
  if (kind === 'step') return textOfCode(steps, of);
  if (kind === 'wait') return t.waits[group.kind];
  if (kind === 'revision') return stages.revision(format.number(Number(of)));
  if (kind !== 'stage') return t.phases[kind];
  const stage = chainOf(request)
    .flat()
    .find(({ planned }) => planned.key === of);
  return stage?.planned.name?.[language] ?? stages.unnamed;
}
