import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { type Accepted, type CommandBody, rehearse } from '@/api/commands';
import { Problem } from '@/api/problem';

export interface Quote {
  monthly_cents: number;
  currency: string;
  approval: { stages: number; people: string[] };
}

const PAUSE = 250;

/**
 * What the host says that this request would cost and who would have to approve it; null where it cannot say. Asked anew
 * when typing has paused. An answer to an older question is never shown as the answer to a newer one.
 */
export function useQuote(body: CommandBody<'request-vm'>) {
  const settled = useSettled(JSON.stringify(body), PAUSE);
  const asked = JSON.parse(settled) as CommandBody<'request-vm'>;
  const { offering, cpus, memory_gb, term_months } = asked;
  const query = useQuery({
    // Name and justification change neither price nor approval.
    queryKey: ['quote', offering, cpus, memory_gb, term_months],
    queryFn: ({ signal }) => quote(asked, signal),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    throwOnError: false,
  });
  const waiting = settled !== JSON.stringify(body) || query.isPlaceholderData;
  const { data, isPending, error, refetch } = query;
  return { quote: data, pending: isPending, waiting, error, refetch };
}

async function quote(body: CommandBody<'request-vm'>, signal: AbortSignal): Promise<Quote | null> {
  try {
    const accepted: Accepted & { preview?: unknown } = await rehearse('request-vm', body, signal);
    return read(accepted.preview);
  } catch (cause) {
    // A no to the request can still come with its price: the name may be missing yet.
    if (cause instanceof Problem && isAnswer(cause.status)) return read(cause.params);
    throw cause;
  }
}

/** Who asks is refused with these, not what is asked for. */
const isAnswer = (status: number) => status >= 400 && status < 500 && status !== 401 && status !== 403;

export function read(preview: unknown): Quote | null {
  const { monthly_cents, currency, approval } = (preview ?? {}) as Partial<Quote>;
  if (typeof monthly_cents !== 'number' || typeof currency !== 'string' || !approval) return null;
  return { monthly_cents, currency, approval: { stages: approval.stages, people: approval.people ?? [] } };
}

function useSettled(value: string, pause: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause);
    return () => clearTimeout(timer);
  }, [value, pause]);
  return settled;
}
