/**
 * Shape of the column `proposal` of the views `requests` and `approvals`, which the API's document
 * does not describe. Times are in milliseconds since 1970.
 */

import type { Row } from '../api';
import type { Change } from '../revise/changes';

export interface Proposal {
  by_id: string;
  /** Null: the person was erased. */
  by_name: string | null;
  on_behalf_of_id: string | null;
  at: number;
  /** Proposed values; those that are missing or null remain. */
  changes: {
    offering?: string | null;
    offering_name?: string | null;
    cpus?: number | null;
    memory_gb?: number | null;
    term_months?: number | null;
  };
  monthly_cents: number;
  /** Null: the text was erased with its author. */
  comment: string | null;
}

export type ProposedRow = Pick<
  Row<'requests'>,
  'proposal' | 'offering_name' | 'cpus' | 'memory_gb' | 'term_months' | 'monthly_cents' | 'currency'
>;

/** Changes that an approver proposes; null: none wait for the requester. */
export const proposalOf = ({ proposal }: Pick<ProposedRow, 'proposal'>) =>
  (proposal ?? null) as Proposal | null;

/** Differences between the request and what is proposed, the cost last. */
export function proposedChanges(row: ProposedRow, { changes, monthly_cents }: Proposal): Change[] {
  const found: Change[] = [];
  if (changes.offering)
    found.push({
      of: 'offering',
      before: row.offering_name ?? '',
      now: changes.offering_name || changes.offering,
    });
  for (const of of ['cpus', 'memory_gb', 'term_months'] as const) {
    const now = changes[of];
    if (now != null && now !== row[of]) found.push({ of, before: row[of], now });
  }
  if (monthly_cents !== row.monthly_cents)
    found.push({ of: 'monthly_cents', before: row.monthly_cents, now: monthly_cents });
  return found;
}
