import { Check, Circle, CircleSlash, Hourglass, type LucideIcon, Minus, TimerOff, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { hostNow } from '@/shell/api/host-clock';
import { useFormat } from '@/shell/i18n/format';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { Badge, type Tone } from '@/shell/ui/badge';
import { cn } from '@/shell/ui/cn';
import { type Asked, type PassedOn, at } from './approval';
import { type ChainStage, type StageState, least } from './chain';
import { StageDecisions } from './stage-decisions';
import { type Subject, because } from './reasons';
import { type StageWords, text } from './text';

export const STATES: Record<StageState, { tone: Tone; Icon: LucideIcon; style: string }> = {
  later: { tone: 'idle', Icon: Circle, style: 'border-line text-faint' },
  open: { tone: 'wait', Icon: Hourglass, style: 'border-wait-line bg-wait-soft text-wait' },
  passed: { tone: 'good', Icon: Check, style: 'border-good-line bg-good-soft text-good' },
  rejected: { tone: 'bad', Icon: X, style: 'border-bad-line bg-bad-soft text-bad' },
  expired: { tone: 'bad', Icon: TimerOff, style: 'border-bad-line bg-bad-soft text-bad' },
  ended: { tone: 'idle', Icon: CircleSlash, style: 'border-line text-quiet' },
  unreached: { tone: 'idle', Icon: Minus, style: 'border-line text-faint' },
};

interface StageCardProps {
  stage: ChainStage;
  subject: Subject;
  people: (asked: Asked) => string;
  names: ReadonlyMap<string, string>;
  /** Names of the people who have not decided, if they are known for this stage alone. */
  missing: readonly string[];
  /** Level of the heading, one below that of the card or panel. */
  Heading?: 'h2' | 'h3';
}

/** Stage of an approval: its people, decisions and deadline. */
export function StageCard({ stage, subject, people, names, missing, Heading = 'h3' }: StageCardProps) {
  const t = useText(text);
  const format = useFormat();
  const name = useStageName(stage);
  const { tone, Icon, style } = STATES[stage.state];
  const why = because(stage.because, subject, t, format);
  return (
    <div className="flex gap-3">
      <span className={cn('grid size-7 shrink-0 place-items-center rounded-full border bg-surface', style)}>
        <Icon aria-hidden className={cn('size-3.5', stage.state === 'later' && 'size-2')} />
      </span>
      <div className="grid min-w-0 flex-1 content-start gap-2">
        <div className="flex min-h-7 flex-wrap items-center gap-x-3 gap-y-1">
          <Heading className="font-medium wrap-anywhere">{name}</Heading>
          <Badge tone={tone}>{stage.awaitsAnswer ? t.awaitsAnswer : t.states[stage.state]}</Badge>
        </div>
        {why ? <p className="text-sm text-quiet">{why}</p> : null}
        <dl className="grid gap-1.5 text-sm">
          <People stage={stage} people={people} names={names} missing={missing} />
          <Times stage={stage} people={people} />
        </dl>
        {stage.progress?.operators_asked && stage.state === 'open' ? (
          <p className="text-sm text-wait">{t.operatorsAsked}</p>
        ) : null}
        <StageDecisions decisions={stage.decisions} names={names} />
      </div>
    </div>
  );
}

/** Name of a stage in the reader's language. */
export function useStageName({ planned }: ChainStage): string {
  const t = useText(text);
  const language = useLanguage();
  return planned.name?.[language] ?? t.unnamed;
}

type PeopleProps = Pick<StageCardProps, 'stage' | 'people' | 'names' | 'missing'>;

function People({ stage, people, names, missing }: PeopleProps) {
  const t = useText(text);
  const format = useFormat();
  const { planned, progress, state, reassigned } = stage;
  const passedOn = progress?.passed_on ?? [];
  const [first = planned.approvers, ...escalated] = progress?.asked ?? [];
  const later = escalated.flat();
  const list = (asked: Asked[]) => format.anyOf([...new Set(asked.map(people))]);
  return (
    <>
      <Line label={reassigned ? t.askedInstead : t.asked}>{list(first)}</Line>
      {later.length > 0 ? <Line label={t.alsoAsked}>{list(later)}</Line> : null}
      {passedOn.length > 0 ? (
        <Line label={t.passedOn}>{passedOn.map(one => fromTo(one, names, t)).join('; ')}</Line>
      ) : null}
      <Line label={t.needs}>
        <Needed stage={stage} />
      </Line>
      {state === 'open' && missing.length > 0 ? (
        <Line label={t.missing}>{format.anyOf([...missing])}</Line>
      ) : null}
    </>
  );
}

/** Sentence about a decision that was passed on, with the names that the page knows. */
function fromTo({ from, to }: PassedOn, names: ReadonlyMap<string, string>, t: StageWords): string {
  const [giver, taker] = [names.get(from), names.get(to)];
  return `${giver ? t.from(giver) : t.fromSome} ${taker ? t.to(taker) : t.toSome}`;
}

function Needed({ stage: { planned, progress, approvals } }: { stage: ChainStage }) {
  const t = useText(text);
  const format = useFormat();
  const { needs } = planned;
  const given = format.number(approvals);
  if (needs === 'all') return progress ? `${t.all}; ${t.allProgress(given)}` : t.all;
  if (progress && least(needs) > 1) return t.progress(given, format.number(least(needs)));
  return least(needs) > 1 ? t.atLeast(format.number(least(needs))) : t.any;
}

function Times({ stage, people }: Pick<StageCardProps, 'stage' | 'people'>) {
  const t = useText(text);
  const format = useFormat();
  const { planned, progress, state, next, passedByTime } = stage;
  const hours = planned.deadline?.hours;
  if (!progress || state === 'unreached') {
    const waits = state === 'later' && hours !== undefined;
    return waits ? <Line label={t.deadline}>{t.hours(format.number(hours))}</Line> : null;
  }
  if (state === 'passed') {
    return (
      <Line label={t.passedAt}>
        {format.since(at(progress.passed_at))}
        {passedByTime ? `, ${t.passedByTime}` : null}
      </Line>
    );
  }
  const due = at(progress.due_at);
  if (state !== 'open') return due ? <Line label={t.deadline}>{format.since(due)}</Line> : null;
  const overdue = due !== null && due <= hostNow();
  const left = progress.left_ms;
  return (
    <>
      <Line label={t.since}>{format.since(at(progress.since))}</Line>
      {left === undefined ? null : <Line label={t.deadline}>{t.stopped(format.duration(left))}</Line>}
      {due ? (
        <Line label={t.deadline}>
          {format.since(due)}. {overdue ? t.overdue : <NextStep next={next} people={people} />}
        </Line>
      ) : null}
    </>
  );
}

function NextStep({ next, people }: { next: ChainStage['next']; people: (asked: Asked) => string }) {
  const t = useText(text).afterwards;
  if (!next) return null;
  return next.kind === 'escalate' ? t.escalate(people(next.to)) : t[next.kind];
}

function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap gap-x-2">
      <dt className="text-quiet">{label}:</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </div>
  );
}
