import { useMemo } from 'react';
import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { useText } from '@/shell/i18n/use-text';
import type { Action } from '../api';
import { text as deciders } from '../deciders/text';
import { text as proposals } from '../proposals/text';
import { AskBackDialog } from '../questions/ask-back-dialog';
import { text as questions } from '../questions/text';
import { text as revising } from '../revise/text';
import type { ActionPlans } from '../row-actions';
import { approveAsChanged } from './approve-dialog';
import { CancelDialog } from './cancel-dialog';
import { CancelWithoutRemovalDialog } from './cancel-without-removal-dialog';
import { CompleteDialog } from './complete-dialog';
import { RejectDialog } from './reject-dialog';
import { text } from './text';
import { WithdrawDialog } from './withdraw-dialog';

// They choose people, which is too much code for pages that mails link to.
const PassOnDialog = lazyPage<'PassOnDialog', ActionDialogProps>(
  () => import('../deciders/pass-on-dialog'),
  'PassOnDialog',
);
const ReassignDialog = lazyPage<'ReassignDialog', ActionDialogProps>(
  () => import('../deciders/reassign-dialog'),
  'ReassignDialog',
);

const ProposeDialog = lazyPage<'ProposeDialog', ActionDialogProps>(
  () => import('../proposals/propose-dialog'),
  'ProposeDialog',
);
const ConfirmDialog = lazyPage<'ConfirmDialog', ActionDialogProps>(
  () => import('../proposals/confirm-dialog'),
  'ConfirmDialog',
);
const DeclineDialog = lazyPage<'DeclineDialog', ActionDialogProps>(
  () => import('../proposals/decline-dialog'),
  'DeclineDialog',
);

/** Plans for commands on requests: decide, ask back, hand over, revise, withdraw, retry, cancel. */
export function useRequestPlans(): ActionPlans {
  const t = useText(text);
  const { passOn, reassign } = useText(deciders);
  const { ask } = useText(questions);
  const revise = useText(revising);
  const { propose, confirm, decline } = useText(proposals);
  return useMemo(
    () => ({
      'approve-request': {
        look: 'primary',
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
    [t, passOn, reassign, ask, revise, propose, confirm, decline],
  );
}

const revisePage = ({ body }: Action) => ({
  to: '/requests/$id/revise',
  params: { id: String(body.request) },
});
