import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type FieldProblem, Problem, endsSession } from '@/shell/api/problem';
import { useSettled } from '@/shell/app/use-settled';
import type { Needs, Reason } from '../stages/approval';
import { type Accepted, type CommandBody, type Row, rehearse } from '../api';

export interface Quote {
  /** Price of one machine. */
  monthly_cents: number;
  /** Price of all machines that are requested together, and of the others of a revised request. */
  order_monthly_cents: number;
  machines: number;
  currency: string;
  approval: QuotedApproval;
}

/** Stages that the request would have, or the rules that would approve it without people. */
export interface QuotedApproval {
  stages: QuotedStage[];
  rules: { policy: string; name: string; because: Reason[] }[];
}

export interface QuotedStage {
  stage: string;
  /** Null: the stage of a request for which no policy asks for one. */
  name: string | null;
  people: string[];
  needs: Needs;
  after: string[];
  because: Reason[];
  /** Business hours until the deadline; null: the stage waits without limit. */
  hours: number | null;
}

/** Command whose price and approval are quoted. */
export type Quotable =
  | { command: 'request-vm'; body: CommandBody<'request-vm'> }
  | { command: 'revise-request'; body: CommandBody<'revise-request'> };

/** Quote as it is shown. */
export interface Quoting {
  /** `null`: no price for this size. `undefined`: not loaded. */
  quote: Quote | null | undefined;
  /** Cents on the screen, of any size; 0 if none were shown yet. */
  seen: number;
  /** Cents for the same size before the offering changed under the open form. */
  former: number | null;
  /** Mistakes of this size that the host would refuse; empty until it has answered. */
  refused: readonly FieldProblem[];
  pending: boolean;
  waiting: boolean;
  error: unknown;
  refetch: () => Promise<unknown>;
}

const PAUSE = 250;

const NOTHING: readonly FieldProblem[] = [];

/**
 * Price of the request and its approvers, as the host computes them; `null` if it cannot.
 *
 * Requested when typing has paused and when the offering changes. An answer to an earlier question
 * is never shown for a later one.
 */
export function useQuote({ position }: Row<'offerings'>, quotable: Quotable): Quoting {
  const present = JSON.stringify(quotable);
  const settled = useSettled(present, PAUSE);
  const asked = JSON.parse(settled) as Quotable;
  const about = aboutOf(asked);
  const query = useQuery({
    queryKey: ['quote', ...about, position],
    queryFn: ({ signal }) => quote(asked, signal),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    throwOnError: false,
  });
  const waiting = settled !== present || query.isPlaceholderData;
  const { data, isPending, error, refetch } = query;
  const offered = data?.quote;
  const cents = query.isPlaceholderData ? undefined : offered && offered.monthly_cents;
  const shown = useShown(about.join(' '), cents);
  const former = shown.about === aboutOf(quotable).join(' ') ? shown.former : null;
  const refused = (waiting ? undefined : data?.refused) ?? NOTHING;
  return {
    quote: offered,
    seen: shown.cents ?? 0,
    former,
    refused,
    pending: isPending,
    waiting,
    error,
    refetch,
  };
}

/** Name and justification change neither price nor approval. */
const aboutOf = ({ command, body }: Quotable) =>
  [command, body.offering, body.cpus, body.memory_gb, body.term_months, machinesOf(body)] as const;

const machinesOf = (body: Quotable['body']) =>
  'more_names' in body ? (body.more_names?.length ?? 0) + 1 : 1;

interface Shown {
  about: string;
  cents: number | null | undefined;
  former: number | null;
}

/** Amount on the screen, and the previous one for the same size. */
function useShown(about: string, cents: number | null | undefined): Shown {
  const [shown, setShown] = useState<Shown>({ about, cents, former: null });
  if (cents !== undefined && (shown.about !== about || shown.cents !== cents)) {
    const former = shown.about === about ? (shown.cents ?? null) : null;
    setShown({ about, cents, former });
  }
  return shown;
}

interface Answer {
  quote: Quote | null;
  refused: readonly FieldProblem[];
}

async function quote(quotable: Quotable, signal: AbortSignal): Promise<Answer> {
  try {
    const accepted: Accepted & { preview?: unknown } = await rehearseQuoted(quotable, signal);
    return { quote: read(accepted.preview), refused: NOTHING };
  } catch (cause) {
    // A rejection may still contain a price, for example when only the name is missing.
    if (cause instanceof Problem && !endsSession(cause) && isAnswer(cause.status))
      return { quote: read(cause.params), refused: cause.errors };
    throw cause;
  }
}

const rehearseQuoted = (quotable: Quotable, signal: AbortSignal): Promise<Accepted> =>
  quotable.command === 'request-vm'
    ? rehearse('request-vm', quotable.body, signal)
    : rehearse('revise-request', quotable.body, signal);

/** Other statuses refuse the caller, not the request. */
const isAnswer = (status: number) => status >= 400 && status < 500 && status !== 403;

export function read(preview: unknown): Quote | null {
  const {
    monthly_cents,
    currency,
    approval,
    machines = 1,
    order_monthly_cents = monthly_cents,
  } = (preview ?? {}) as Partial<Quote>;
  if (typeof monthly_cents !== 'number' || typeof order_monthly_cents !== 'number') return null;
  if (typeof currency !== 'string' || !approval) return null;
  const { stages = [], rules = [] } = approval;
  return { monthly_cents, order_monthly_cents, machines, currency, approval: { stages, rules } };
}
