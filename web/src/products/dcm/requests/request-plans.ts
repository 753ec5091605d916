import { useMemo } from 'react';
import { useText } from '@/shell/i18n/use-text';
import type { Action } from '../api';
import { text as deciders } from '../deciders/text';
import { text as proposals } from '../proposals/text';
import { text as questions } from '../questions/text';
import { text as revising } from '../revise/text';
import type { ActionPlans } from '../row-actions';
import { approveAsChanged } from './approve-as-changed';
import {
  AskBackDialog,
  CancelDialog,
  CancelWithoutRemovalDialog,
  CompleteDialog,
  ConfirmDialog,
  DeclineDialog,
  PassOnDialog,
  ProposeDialog,
  ReassignDialog,
  RejectDialog,
  WithdrawDialog,
} from './dialogs';
import { text } from './text';

/**
 * Plans for commands on requests: decide, ask back, hand over, revise, withdraw, retry, cancel.
 *
 * The approval of a request that is `awaited` from its requester is no primary action: what comes
 * next is the requester's answer.
 */
export function useRequestPlans(awaited?: string | null): ActionPlans {
  const t = useText(text);
  const { passOn, reassign } = useText(deciders);
  const { ask } = useText(questions);
  const revise = useText(revising);
  const { propose, confirm, decline } = useText(proposals);
  return useMemo(
    () => ({
      'approve-request': {
        look: awaited === 'requester' ? 'secondary' : 'primary',
        done: t.approve.done,
        delayed: true,
        reconsider: approveAsChanged,
      },
      'reject-request': { look: 'danger', done: t.reject.done, Dialog: RejectDialog },
      'ask-back': { look: 'secondary', done: ask.done, Dialog: AskBackDialog },
      'propose-changes': { look: 'secondary', done: propose.done, Dialog: ProposeDialog },
      'confirm-changes': { look: 'primary', done: confirm.done, Dialog: ConfirmDialog },
      'decline-changes': { look: 'secondary', done: decline.done, Dialog: DeclineDialog },
      'pass-on-decision': { look: 'secondary', done: passOn.done, Dialog: PassOnDialog },
      'reassign-stage': { look: 'secondary', done: reassign.done, Dialog: ReassignDialog },
      'retry-request': { look: 'primary', done: t.retry.done },
      'complete-without-address': { look: 'secondary', done: t.complete.done, Dialog: CompleteDialog },
      'cancel-request': { look: 'danger', done: t.cancel.done, Dialog: CancelDialog },
      'cancel-without-removal': {
        look: 'danger',
        done: t.cancelElsewhere.done,
        Dialog: CancelWithoutRemovalDialog,
      },
      'revise-request': { look: 'secondary', done: revise.done, page: revisePage },
      'withdraw-request': { look: 'secondary', done: t.withdraw.done, Dialog: WithdrawDialog },
    }),
    [awaited, t, passOn, reassign, ask, revise, propose, confirm, decline],
  );
}

const revisePage = ({ body }: Action) => ({
  to: '/requests/$id/revise',
  params: { id: String(body.request) },
});
