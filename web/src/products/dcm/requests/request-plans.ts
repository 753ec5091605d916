import { useMemo } from 'react';
import { useText } from '@/shell/i18n/use-text';
import { PassOnDialog } from '../deciders/pass-on-dialog';
import { ReassignDialog } from '../deciders/reassign-dialog';
import { text as deciders } from '../deciders/text';
import type { ActionPlans } from '../row-actions';
import { CancelDialog } from './cancel-dialog';
import { CancelWithoutRemovalDialog } from './cancel-without-removal-dialog';
import { CompleteDialog } from './complete-dialog';
import { RejectDialog } from './reject-dialog';
import { text } from './text';
import { WithdrawDialog } from './withdraw-dialog';

/** Plans for commands on requests: decide, hand over, withdraw, retry and cancel. */
export function useRequestPlans(): ActionPlans {
  const t = useText(text);
  const { passOn, reassign } = useText(deciders);
  return useMemo(
    () => ({
      'approve-request': { look: 'primary', done: t.approve.done, delayed: true },
      'reject-request': { look: 'danger', done: t.reject.done, Dialog: RejectDialog },
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
      'withdraw-request': { look: 'secondary', done: t.withdraw.done, Dialog: WithdrawDialog },
    }),
    [t, passOn, reassign],
  );
}
