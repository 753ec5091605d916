import type { Action, Row } from '../api';

export type Decision = 'approve-request' | 'reject-request';

/** Action of a decision that the host offers; undefined: the person may not decide so. */
export function offered(row: Row<'approvals'>, decision: Decision): Action | undefined {
  return row.actions.find(({ command, permitted, allowed }) => command === decision && permitted && allowed);
}

export const canDecide = (row: Row<'approvals'>): boolean =>
  offered(row, 'approve-request') !== undefined || offered(row, 'reject-request') !== undefined;
