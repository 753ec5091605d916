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
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useSession } from '@/shell/api/session';
import { Trace } from '@/shell/app/page/problem-alert';
import { type Format, useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import type { Tone } from '@/shell/ui/badge';
import { Button } from '@/shell/ui/button';
import { type Row, useRow } from '../api';
import { Standstill } from '../questions/awaited-answer';
import { awaitedAnswer } from '../questions/thread';
import { hasPolicy } from '../stages/chain';
import { text as vmText } from '../vms/text';
import { Again } from './again';
import { BuildProgress } from './build-progress';
import { handedOver } from './handed-over';
import { Handover } from './handover';
import { isDecommission } from './kind';
import { Question } from './question';
import { RetrySource } from './retry-source';
import { text } from './text';

/** Present status of a request in words. */
export interface Standing {
  tone: Tone;
  Icon: LucideIcon;
  kicker?: string | undefined;
  title: ReactNode;
  /** Content below the title. */
  more?: ReactNode;
}

export interface StandingProps {
  request: Row<'requests'>;
  events: Row<'timeline'>[];
}

interface Facts extends StandingProps {
  t: (typeof text)['en']['hero'];
  format: Format;
  /** Whether the reader is the requester. */
  isOwn: boolean;
  /** Machine of a fulfilled request; undefined: not loaded. */
  vm: Row<'vms'> | undefined;
  /** Sentence of the host about the wait. */
  sentence: string | null;
  /** People for whom the request waits. */
  people: string[];
  copies: (names: string) => string;
}

/** Standing of a request; null: a status that this client does not know. */
export function useStanding({ request, events }: StandingProps): Standing | null {
  const format = useFormat();
  const { actor } = useSession();
  const facts: Facts = {
    request,
    events,
    t: useText(text).hero,
    format,
    isOwn: request.requester_id === actor,
    // Facts of the hand-over do not hold for a machine that is gone.
    vm: useRow('vms', request.key, { enabled: request.status === 'fulfilled', throwOnError: false }).data,
    sentence: format.sentence(request.waiting?.text ?? request.waiting_on),
    people: request.waiting?.people ?? [],
    copies: useText(vmText).copies,
  };
  return BY_STATUS[request.status ?? '']?.(facts) ?? null;
}

const BY_STATUS: Partial<Record<string, (facts: Facts) => Standing>> = {
  pending,
  approved,
  fulfilled,
  failed,
  rejected,
  expired,
  withdrawn,
  cancelling,
  'cancel-failed': cancelFailed,
  cancelled,
};

function pending({ request, t, people, sentence }: Facts): Standing {
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
  const alsoAsked = people.length > 1 ? <p className="text-quiet">{t.alsoAsked}</p> : null;
  return {
    tone: 'wait',
    Icon: Hourglass,
    kicker: t.waitingFor,
    title: <WaitsFor request={request} people={people} />,
    more: hasPolicy(request) ? <p className="text-quiet">{sentence}</p> : alsoAsked,
  };
}

const stalledTitle = ({ request, t }: Facts) =>
  request.waiting?.code === 'stalled-for-person' ? t.stalledForPerson : t.stalled;

function approved(facts: Facts): Standing {
  if (isDecommission(facts.request)) return mayEnd(facts);
  const { request, events, t, format, sentence } = facts;
  const stalled = request.stalled_since !== null;
  const attempt = request.attempt ?? 1;
  return {
    tone: stalled ? 'wait' : 'busy',
    Icon: stalled ? Hourglass : Hammer,
    kicker: attempt > 1 ? t.attempt(format.number(attempt)) : undefined,
    title: stalled ? stalledTitle(facts) : request.step ? t.building : t.starting,
    more: (
      <>
        <p className="text-quiet">{sentence}</p>
        <Question code={request.waiting?.code} message={request.stalled_message} />
        <Steps request={request} events={events} />
      </>
    ),
  };
}

/** Approved end of a machine, whose removal is shown on the machine's page. */
function mayEnd({ request, t, format }: Facts): Standing {
  return {
    tone: 'good',
    Icon: PowerOff,
    kicker: format.dateTime(request.decided_at),
    title: t.decommissionApproved,
    more: <ToVm request={request} />,
  };
}

function ToVm({ request }: { request: Row<'requests'> }) {
  const t = useText(text).hero;
  if (!request.vm_id) return null;
  return (
    <Button asChild className="justify-self-start">
      <Link to="/vms/$id" params={{ id: request.vm_id }}>
        {t.toVm}
      </Link>
    </Button>
  );
}

function failed({ request, events, t, format, people, sentence }: Facts): Standing {
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
        <Steps request={request} events={events} />
      </>
    ),
  };
}

function Steps({ request, events }: StandingProps) {
  return (
    <div className="pt-3">
      <BuildProgress events={events} awaitAddress={request.await_address !== false} />
    </div>
  );
}

function fulfilled({ request, t, format, isOwn, vm }: Facts): Standing {
  const now = handedOver(request, vm);
  const gone = request.decommissioned_at ?? vm?.decommissioned_at;
  return {
    ...HANDED_OVER[now],
    kicker: now === 'gone' ? format.dateTime(gone) : undefined,
    title: now === 'ready' ? (isOwn ? t.ready : t.readyOther) : t[now],
    more: <Handover request={request} vm={vm} now={now} />,
  };
}

function rejected({ request, t, format }: Facts): Standing {
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

function expired({ request, t, format }: Facts): Standing {
  return {
    tone: 'bad',
    Icon: TimerOff,
    kicker: format.dateTime(request.decided_at),
    title: t.expired,
    more: (
      <>
        <p>{isDecommission(request) ? t.expiredVmStays : t.expiredMore}</p>
        <Again request={request} />
      </>
    ),
  };
}

function withdrawn({ request, t, format }: Facts): Standing {
  return {
    tone: 'idle',
    Icon: CircleSlash,
    kicker: format.dateTime(request.withdrawn_at),
    title: t.withdrawn,
    more: <Again request={request} />,
  };
}

function cancelling(facts: Facts): Standing {
  const { request, t, sentence } = facts;
  return {
    tone: request.stalled_since ? 'wait' : 'busy',
    Icon: request.stalled_since ? Hourglass : Hammer,
    title: request.stalled_since ? stalledTitle(facts) : t.cancelling,
    more: (
      <>
        <p className="text-quiet">{sentence}</p>
        <Question code={request.waiting?.code} message={request.stalled_message} />
      </>
    ),
  };
}

function cancelFailed({ request, t, format, people, sentence }: Facts): Standing {
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
}

function cancelled({ request, t, format, copies }: Facts): Standing {
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
