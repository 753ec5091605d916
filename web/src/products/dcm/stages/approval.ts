/**
 * Shape of the columns `approval` and `decisions` of the views `requests` and `approvals`, which
 * the API's document does not describe. Times are in milliseconds since 1970.
 */
import type { Language } from '@/shell/i18n/language';

/** Name in each language of the product. */
export type Names = Record<Language, string>;

export type Needs = 'any' | 'all' | { at_least: number };

/** Reference to people who are asked. */
export type Asked =
  { group: string } | { permission: string } | { manager_of: 'requester' } | { actor: string };

/** Comparison that decided a condition of a policy. */
export interface Reason {
  fact: string;
  actual: number | string | string[];
  is: string;
  bound: number | string | (number | string)[];
  /** A comparison that does not hold can decide a condition too. */
  holds: boolean;
}

export interface PlannedStage {
  key: string;
  /** Absent: the default stage, which no policy asks for. */
  policy?: string;
  name?: Names;
  because: Reason[];
  after: string[];
  approvers: Asked[];
  needs: Needs;
  deadline?: {
    hours: number;
    escalate?: { to: Asked; hours: number }[];
    finally: 'expire' | 'approve';
  };
}

/** Progress of a stage that has opened. */
export interface Progress {
  since: number;
  /** Null: the stage waits without limit, or for the answer to a question. */
  due_at: number | null;
  /** Working time that the deadline has after the answer; absent: it runs, or there is none. */
  left_ms?: number;
  /** References per level: the stage's own, then one level per escalation. */
  asked: Asked[][];
  escalations: number;
  operators_asked: boolean;
  passed_on: PassedOn[];
  passed_at: number | null;
}

/** Seat that one person passed on to another, by their actor ids. */
export interface PassedOn {
  from: string;
  to: string;
}

/** Questions of approvers that wait for the requester's answer. */
export interface OpenQuestion {
  since: number;
  /** Actor ids of the people who asked. */
  by: string[];
}

export interface Approval {
  /** Revision of the request that is decided. */
  revision: number;
  /** Absent: the approval waits for its approvers. */
  question?: OpenQuestion;
  plan: {
    policies: { policy: string; because: Reason[] }[];
    auto: { name: Names; because: Reason[] }[];
    stages: PlannedStage[];
  };
  stages: Record<string, Progress>;
}

export interface Decision {
  /** Revision of the request that was decided; a decision on an earlier one does not count. */
  revision: number;
  stage: string;
  approver_id: string;
  /** Null: the person was erased. */
  approver_name: string | null;
  on_behalf_of_id: string | null;
  verdict: 'approve' | 'reject';
  comment: string | null;
  at: number;
}

/** Members of a row that say how its approval stands. */
export interface ApprovalRow {
  status: string;
  approval: unknown;
  decisions: unknown;
  decided_at: string | null;
  offering_name: string | null;
  requester_name: string | null;
  currency: string | null;
}

/** Approval of a row; null for a row without one. */
export const approvalOf = (row: Pick<ApprovalRow, 'approval'>) => (row.approval ?? null) as Approval | null;

/** Decisions of a row, in order. */
export const decisionsOf = (row: Pick<ApprovalRow, 'decisions'>) => (row.decisions ?? NONE) as Decision[];

/** Decisions of a row on the present revision. */
export const presentDecisions = (row: DecidedRow): Decision[] =>
  decisionsOf(row).filter(one => one.revision === approvalOf(row)?.revision);

/** Decisions of a row on earlier revisions, which do not count. */
export const earlierDecisions = (row: DecidedRow): Decision[] =>
  decisionsOf(row).filter(one => one.revision !== approvalOf(row)?.revision);

type DecidedRow = Pick<ApprovalRow, 'approval' | 'decisions'>;

const NONE: Decision[] = [];

/** Time in the form that formats take. */
export const at = (millis: number | null | undefined): Date | null =>
  millis == null ? null : new Date(millis);
