import type { RowsQuery } from '../api';

/** Approvals that wait for the present person or a person for whom they stand in, oldest first. */
export const WAITING_FOR_ME = {
  status: 'pending',
  waiting_for: 'me',
  sort: 'submitted_at',
} satisfies RowsQuery<'approvals'>;
