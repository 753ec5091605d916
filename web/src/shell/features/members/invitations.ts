import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';
import type { paths } from '@/schema';
import { DIRECTORY } from './members';

type Answer = paths['/api/host/invitations']['get']['responses'][200]['content']['application/json'];
export type Invitation = Answer['items'][number];
export type InvitationBody =
  paths['/api/host/invitations']['post']['requestBody']['content']['application/json'];

/** Polling interval in milliseconds while the outcome of a mail is not known. */
const LOOK = 2_000;

const isBeingSent = ({ mail }: Invitation) => mail.sent_at === null && mail.error === null;

export const invitationsQuery = queryOptions({
  queryKey: [...DIRECTORY, 'invitations'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/invitations', { signal })),
  select: (answer): Invitation[] => answer.items,
  refetchInterval: query => (query.state.data?.items.some(isBeingSent) ? LOOK : false),
});

const of = (id: string) => ({ params: { path: { id } } });

/** Changes of invitations; each resolves when the change is shown. */
export function useInvitationChanges() {
  const client = useQueryClient();
  const shown = async (sent: Promise<unknown>): Promise<void> => {
    // Also after a refusal, whose reason may be the present state.
    await sent.finally(() => client.invalidateQueries({ queryKey: DIRECTORY }));
  };
  return {
    invite: (body: InvitationBody) => shown(answerOf(api.POST('/api/host/invitations', { body }))),
    withdraw: (id: string) => shown(answerOf(api.DELETE('/api/host/invitations/{id}', of(id)))),
    sendMail: (id: string) => shown(answerOf(api.POST('/api/host/invitations/{id}/mail', of(id)))),
  };
}
