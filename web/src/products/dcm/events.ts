/** What can happen, as the log and the timeline call it. */
export const EVENTS = [
  'request-submitted',
  'request-withdrawn',
  'request-approved',
  'request-rejected',
  'request-retried',
  'step-started',
  'step-progressed',
  'step-finished',
  'step-failed',
  'stalled',
  'resumed',
  'request-fulfilled',
  'request-failed',
  'request-cancel-requested',
  'request-cancelled',
  'request-cancel-failed',
  'vm-provisioned',
  'vm-refresh-requested',
  'vm-refreshed',
  'vm-refresh-failed',
  'vm-decommission-requested',
  'vm-decommissioned',
  'vm-decommission-failed',
  'vm-gone-confirmed',
] as const;

export type EventName = (typeof EVENTS)[number];
