import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';
import type { Problem } from '@/shell/api/problem';
import type { paths } from '@/schema';

type Answer<Path extends '/api/host/mail-failures' | '/api/host/mail-queue'> =
  paths[Path]['get']['responses'][200]['content']['application/json'];
export type MailFailure = Answer<'/api/host/mail-failures'>['items'][number];
export type Queue = Answer<'/api/host/mail-queue'>;
export type WaitingMail = Queue['items'][number];

const FAILURES = ['host', 'mail-failures'] as const;
const QUEUE = ['host', 'mail-queue'] as const;
/** Maximum number of mails in the host's list. */
const MOST_WAITING = 100;

export const mailFailuresQuery = queryOptions({
  queryKey: FAILURES,
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/mail-failures', { signal })),
  select: answer => answer.items,
});

export const mailQueueQuery = queryOptions({
  queryKey: QUEUE,
  queryFn: ({ signal }): Promise<Queue> => answerOf(api.GET('/api/host/mail-queue', { signal })),
});

/**
 * Summary of the queue: number, oldest mail and next attempt. Reports less if the list is
 * truncated.
 */
export function waitingOf({ items }: Queue) {
  const more = items.length >= MOST_WAITING;
  return {
    count: items.length,
    more,
    oldest: more ? null : earliest(items.map(one => one.created_at)),
    // A mail that is sent at once has no time.
    next: items.every(one => one.next_at) ? earliest(items.map(one => one.next_at)) : null,
  };
}

function earliest(times: (string | null)[]): string | null {
  return times.filter(time => time !== null).toSorted()[0] ?? null;
}

/**
 * Requests the lists again after an act, also after a failure, because the mail may have been sent.
 */
function useRefresh() {
  const client = useQueryClient();
  return async () => {
    await Promise.all([
      client.invalidateQueries({ queryKey: FAILURES }),
      client.invalidateQueries({ queryKey: QUEUE }),
    ]);
  };
}

type Outcome =
  paths['/api/host/mail-failures/send-again']['post']['responses'][200]['content']['application/json'];

export function useSendAgain() {
  const onSettled = useRefresh();
  return useMutation<Outcome, Problem, string>({
    mutationFn: message_id =>
      answerOf(api.POST('/api/host/mail-failures/send-again', { body: { message_id } })),
    onSettled,
  });
}

export function useSendWaiting() {
  const onSettled = useRefresh();
  return useMutation<unknown, Problem>({
    mutationFn: () => answerOf(api.POST('/api/host/mail-queue/send')),
    onSettled,
  });
}

export interface PauseChange {
  connection: string;
  to: 'paused' | 'sending';
}

export function usePause() {
  const onSettled = useRefresh();
  return useMutation<unknown, Problem, PauseChange>({
    mutationFn: ({ connection, to }) => {
      const params = { path: { connection } };
      return to === 'paused'
        ? answerOf(api.PUT('/api/host/mail-queue/pauses/{connection}', { params }))
        : answerOf(api.DELETE('/api/host/mail-queue/pauses/{connection}', { params }));
    },
    onSettled,
  });
}
