import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { changedOffer } from './changed-offer';
import { ApproveDialog } from './dialogs';

/** Dialog after the refusal of an approval that the person can overcome; undefined: any other. */
export function approveAsChanged(cause: unknown) {
  const refusedFor = changedOffer(cause);
  if (!refusedFor) return undefined;
  return (props: ActionDialogProps) => <ApproveDialog {...props} refusedFor={refusedFor} />;
}
