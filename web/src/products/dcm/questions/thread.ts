/**
 * Shape of the column `thread` of the views `requests` and `approvals`, which the API's document
 * does not describe. Times are in milliseconds since 1970.
 */

import { type ApprovalRow, approvalOf } from '../stages/approval';
import { openStages } from '../stages/chain';

export interface Entry {
  kind: 'question' | 'answer' | 'proposal' | 'decline';
  /** Revision of the request to which the entry belongs. */
  revision: number;
  by_id: string;
  /** Null: the person was erased. */
  by_name: string | null;
  on_behalf_of_id: string | null;
  /** Null: the person was erased, or declined without a text. */
  text: string | null;
  at: number;
}

export interface ThreadRow {
  thread: unknown;
  revision: number | null;
  people?: Record<string, string | null> | undefined;
}

/** Questions and answers of a row, in order. */
export const threadOf = (row: Pick<ThreadRow, 'thread'>) => (row.thread ?? NONE) as Entry[];

const NONE: Entry[] = [];

/** Wait of a row for its requester. */
export interface AwaitedAnswer {
  /** Time of the first question. */
  since: Date;
  /** Working time that the next deadline has after the answer; null: no stage has a deadline. */
  left: number | null;
}

/** Wait for the answer to a question; null: the row waits for no answer. */
export function awaitedAnswer(row: ApprovalRow & { awaited: string | null }): AwaitedAnswer | null {
  const question = approvalOf(row)?.question;
  if (row.awaited !== 'requester' || !question) return null;
  const left = openStages(row).flatMap(({ progress }) => progress?.left_ms ?? []);
  return { since: new Date(question.since), left: left.length > 0 ? Math.min(...left) : null };
}
