import { Link } from '@tanstack/react-router';
import {
  CircleCheck,
  CirclePause,
  CircleSlash,
  CircleX,
  Hammer,
  Hourglass,
  type LucideIcon,
  MessageCircleQuestion,
  PowerOff,
  TimerOff,
  TriangleAlert,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { useSession } from '@/shell/api/session';
import { Trace } from '@/shell/app/page/problem-alert';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import type { Tone } from '@/shell/ui/badge';
import { Button } from '@/shell/ui/button';
import { cn } from '@/shell/ui/cn';
import { type Row, useRow } from '../api';
import { Standstill } from '../questions/awaited-answer';
import { awaitedAnswer } from '../questions/thread';
import { hasPolicy } from '../stages/chain';
import { text as vmText } from '../vms/text';
import { BuildProgress } from './build-progress';
import { handedOver } from './handed-over';
import { Handover } from './handover';
import { Question } from './question';
import { RetrySource } from './retry-source';
import { text } from './text';

interface HeroProps {
  request: Row<'requests'>;
  events: Row<'timeline'>[];
}

interface Standing {
  tone: Tone;
  Icon: LucideIcon;
  kicker?: string | undefined;
  title: ReactNode;
  /** Content below the title. */
  more?: ReactNode;
}

/** Status of the request at the top of the page, since people come for it. */
export function RequestHero(props: HeroProps) {
  const standing = useStanding(props);
  if (!standing) return null;
  const { tone, Icon, kicker, title, more } = standing;
  return (
    <section
      className={cn(
        'mb-6 flex gap-4 rounded-xl border bg-linear-to-b to-surface p-5 shadow-low sm:gap-5 sm:p-7',
        TONES[tone],
      )}
    >
      <span className="hidden size-11 shrink-0 place-items-center rounded-full bg-surface text-(--hero) shadow-low sm:grid">
        <Icon aria-hidden className="size-5" />
      </span>
      <div className="grid min-w-0 flex-1 gap-2">
        {kicker ? <p className="text-sm font-medium text-(--hero)">{kicker}</p> : null}
        {/* Stays mounted while the status changes, so that screen readers announce it. */}
        <div aria-live="polite">
          <h2 className="text-2xl leading-8 font-semibold tracking-[-0.02em] sm:text-[1.75rem] sm:leading-9">
            {title}
          </h2>
        </div>
        {more}
      </div>
    </section>
  );
}

function useStanding({ request, events }: HeroProps): Standing | null {
  const t = useText(text).hero;
  const { copies } = useText(vmText);
  const format = useFormat();
  const session = useSession();
  const people = request.waiting?.people ?? [];
  // Facts of the hand-over do not hold for a machine that is gone.
  const vm = useRow('vms', request.key, {
    enabled: request.status === 'fulfilled',
    throwOnError: false,
  }).data;
  const sentence = format.sentence(request.waiting?.text ?? request.waiting_on);
  const stalledTitle = request.waiting?.code === 'stalled-for-person' ? t.stalledForPerson : t.stalled;
  switch (request.status) {
    case 'pending': {
      const awaited = awaitedAnswer(request);
      if (awaited) {
        return {
          tone: 'wait',
          Icon: MessageCircleQuestion,
          kicker: t.waitingFor,
          title: <WaitsForAnswer request={request} since={awaited.since} />,
          more: (
            <p className="text-quiet">
              <Standstill left={awaited.left} />
            </p>
          ),
        };
      }
      return {
        tone: 'wait',
        Icon: Hourglass,
        kicker: t.waitingFor,
        title: <WaitsFor request={request} people={people} />,
        more: hasPolicy(request) ? (
          <p className="text-quiet">{sentence}</p>
        ) : people.length > 1 ? (
          <p className="text-quiet">{t.alsoAsked}</p>
        ) : null,
      };
    }
    case 'approved': {
      const stalled = request.stalled_since !== null;
      const attempt = request.attempt ?? 1;
      return {
        tone: stalled ? 'wait' : 'busy',
        Icon: stalled ? Hourglass : Hammer,
        kicker: attempt > 1 ? t.attempt(format.number(attempt)) : undefined,
        title: stalled ? stalledTitle : request.step ? t.building : t.starting,
        more: (
          <>
            <p className="text-quiet">{sentence}</p>
            <Question code={request.waiting?.code} message={request.stalled_message} />
            <div className="pt-3">
              <BuildProgress events={events} awaitAddress={request.await_address !== false} />
            </div>
          </>
        ),
      };
    }
    case 'failed':
      return {
        tone: 'bad',
        Icon: TriangleAlert,
        title: t.failed,
        more: (
          <>
            <p>{sentence}</p>
            {people.length > 0 ? <p className="text-quiet">{t.repairBy(format.anyOf(people))}</p> : null}
            <RetrySource request={request} />
            <Trace id={request.trace_id ?? ''} />
            <div className="pt-3">
              <BuildProgress events={events} awaitAddress={request.await_address !== false} />
            </div>
          </>
        ),
      };
    case 'fulfilled': {
      const now = handedOver(request, vm);
      const ready = request.requester_id === session.actor ? t.ready : t.readyOther;
      return {
        ...HANDED_OVER[now],
        kicker:
          now === 'gone' ? format.dateTime(request.decommissioned_at ?? vm?.decommissioned_at) : undefined,
        title: now === 'ready' ? ready : t[now],
        more: <Handover request={request} vm={vm} now={now} />,
      };
    }
    case 'rejected': {
      const name = request.decided_by_name;
      return {
        tone: 'bad',
        Icon: CircleX,
        kicker: format.dateTime(request.decided_at),
        title: name ? t.rejected(name) : t.rejectedUnknown,
        more: (
          <>
            <Reason reason={request.reason} />
            <Again request={request} />
          </>
        ),
      };
    }
    case 'expired':
      return {
        tone: 'bad',
        Icon: TimerOff,
        kicker: format.dateTime(request.decided_at),
        title: t.expired,
        more: (
          <>
            <p>{t.expiredMore}</p>
            <Again request={request} />
          </>
        ),
      };
    case 'withdrawn':
      return {
        tone: 'idle',
        Icon: CircleSlash,
        kicker: format.dateTime(request.withdrawn_at),
        title: t.withdrawn,
        more: <Again request={request} />,
      };
    case 'cancelling':
      return {
        tone: request.stalled_since ? 'wait' : 'busy',
        Icon: request.stalled_since ? Hourglass : Hammer,
        title: request.stalled_since ? stalledTitle : t.cancelling,
        more: (
          <>
            <p className="text-quiet">{sentence}</p>
            <Question code={request.waiting?.code} message={request.stalled_message} />
          </>
        ),
      };
    case 'cancel-failed':
      return {
        tone: 'bad',
        Icon: TriangleAlert,
        title: t.cancelFailed,
        more: (
          <>
            <p>{sentence}</p>
            {people.length > 0 ? <p className="text-quiet">{t.repairBy(format.anyOf(people))}</p> : null}
            <Trace id={request.trace_id ?? ''} />
          </>
        ),
      };
    case 'cancelled': {
      const name = request.cancelled_by_name;
      return {
        tone: 'idle',
        Icon: CircleSlash,
        kicker: format.dateTime(request.cancelled_at),
        title: name ? t.cancelled(name) : t.cancelledUnknown,
        more: (
          <>
            <Reason reason={request.reason} />
            {request.copies ? <p>{copies(request.copies)}</p> : null}
            <Again request={request} />
          </>
        ),
      };
    }
    default:
      return null;
  }
}

const HANDED_OVER = {
  ready: { tone: 'good', Icon: CircleCheck },
  off: { tone: 'idle', Icon: PowerOff },
  suspended: { tone: 'wait', Icon: CirclePause },
  missing: { tone: 'bad', Icon: TriangleAlert },
  going: { tone: 'busy', Icon: Hourglass },
  stuck: { tone: 'bad', Icon: TriangleAlert },
  gone: { tone: 'idle', Icon: CircleSlash },
} as const;

function Reason({ reason }: { reason: string | null }) {
  if (!reason) return null;
  return <blockquote className="border-l-2 border-(--hero) pl-3.5 whitespace-pre-line">{reason}</blockquote>;
}

function WaitsFor({ request, people }: { request: Row<'requests'>; people: string[] }) {
  const t = useText(text).hero;
  const format = useFormat();
  const since = request.waiting?.since ?? request.submitted_at;
  return (
    <>
      {people.length > 0 ? format.anyOf(people) : t.anApprover} <Since since={since} />
    </>
  );
}

function WaitsForAnswer({ request, since }: { request: Row<'requests'>; since: Date }) {
  const t = useText(text).hero;
  const { actor } = useSession();
  const { requester_id, requester_name } = request;
  const others = requester_name ? t.answerOf(requester_name) : t.someAnswer;
  return (
    <>
      {requester_id === actor ? t.yourAnswer : others} <Since since={since.toISOString()} />
    </>
  );
}

function Since({ since }: { since: string | null }) {
  const t = useText(text).hero;
  const format = useFormat();
  return (
    <span className="font-normal whitespace-nowrap text-quiet">
      <time dateTime={since ?? undefined} title={format.ago(since)}>
        {t.since(format.since(since))}
      </time>
    </span>
  );
}

function Again({ request }: { request: Row<'requests'> }) {
  const t = useText(text).hero;
  const session = useSession();
  if (request.requester_id !== session.actor || !request.offering) return null;
  return (
    <div className="pt-1">
      <Button asChild>
        <Link
          to="/catalogue/$offering"
          params={{ offering: request.offering }}
          search={{ from: request.key }}
        >
          {t.again}
        </Link>
      </Button>
    </div>
  );
}

const TONES: Record<Tone, string> = {
  wait: 'border-wait-line from-wait-soft [--hero:var(--wait)]',
  busy: 'border-busy-line from-busy-soft [--hero:var(--busy)]',
  good: 'border-good-line from-good-soft [--hero:var(--good)]',
  bad: 'border-bad-line from-bad-soft [--hero:var(--bad)]',
  idle: 'border-line from-sunken [--hero:var(--quiet)]',
};
