import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { lazyPage } from '@/shell/app/page/lazy-page';
import type { ApproveDialogProps } from './approve-dialog';

/**
 * Dialogs of the commands on requests. Their forms are too much code for pages that mails link to,
 * which show them after a click at the earliest.
 */
export const ApproveDialog = lazyPage<'ApproveDialog', ApproveDialogProps>(
  () => import('./approve-dialog'),
  'ApproveDialog',
);
export const RejectDialog = lazyPage<'RejectDialog', ActionDialogProps>(
  () => import('./reject-dialog'),
  'RejectDialog',
);
export const AskBackDialog = lazyPage<'AskBackDialog', ActionDialogProps>(
  () => import('../questions/ask-back-dialog'),
  'AskBackDialog',
);
export const ProposeDialog = lazyPage<'ProposeDialog', ActionDialogProps>(
  () => import('../proposals/propose-dialog'),
  'ProposeDialog',
);
export const ConfirmDialog = lazyPage<'ConfirmDialog', ActionDialogProps>(
  () => import('../proposals/confirm-dialog'),
  'ConfirmDialog',
);
export const DeclineDialog = lazyPage<'DeclineDialog', ActionDialogProps>(
  () => import('../proposals/decline-dialog'),
  'DeclineDialog',
);
export const PassOnDialog = lazyPage<'PassOnDialog', ActionDialogProps>(
  () => import('../deciders/pass-on-dialog'),
  'PassOnDialog',
);
export const ReassignDialog = lazyPage<'ReassignDialog', ActionDialogProps>(
  () => import('../deciders/reassign-dialog'),
  'ReassignDialog',
);
export const CompleteDialog = lazyPage<'CompleteDialog', ActionDialogProps>(
  () => import('./complete-dialog'),
  'CompleteDialog',
);
export const CancelDialog = lazyPage<'CancelDialog', ActionDialogProps>(
  () => import('./cancel-dialog'),
  'CancelDialog',
);
export const CancelWithoutRemovalDialog = lazyPage<'CancelWithoutRemovalDialog', ActionDialogProps>(
  () => import('./cancel-without-removal-dialog'),
  'CancelWithoutRemovalDialog',
);
export const WithdrawDialog = lazyPage<'WithdrawDialog', ActionDialogProps>(
  () => import('./withdraw-dialog'),
  'WithdrawDialog',
);
