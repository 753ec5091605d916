import {
  type ApprovalRow,
  type Asked,
  type Decision,
  type Needs,
  type PlannedStage,
  type Progress,
  type Reason,
  approvalOf,
  presentDecisions,
} from './approval';

/**
 * `later`: waits for the stages before it. `ended`: the approval ended while the stage was open.
 * `unreached`: the approval ended before the stage opened.
 */
export type StageState = 'later' | 'open' | 'passed' | 'rejected' | 'expired' | 'ended' | 'unreached';

/** Consequence of the end of the deadline's present step; null: the stage has no deadline. */
export type Next = { kind: 'escalate'; to: Asked } | { kind: 'expire' | 'approve' } | null;

export interface ChainStage {
  planned: PlannedStage;
  /** Null: the stage has not opened. */
  progress: Progress | null;
  state: StageState;
  decisions: Decision[];
  approvals: number;
  because: Reason[];
  next: Next;
  /** Whether the stage passed without enough approvals, because its deadline was over. */
  passedByTime: boolean;
  /** Whether the stage waits for the requester's answer to a question. */
  awaitsAnswer: boolean;
  /** Whether other people than those of the plan are asked, because an admin chose them. */
  reassigned: boolean;
}

/** Steps of a row's approval, in order; the stages of one step may be open at the same time. */
export function chainOf(row: ApprovalRow): ChainStage[][] {
  const approval = approvalOf(row);
  if (!approval) return [];
  const { plan, stages, question } = approval;
  const decisions = presentDecisions(row);
  const stage = (planned: PlannedStage): ChainStage => {
    const progress = stages[planned.key] ?? null;
    const own = decisions.filter(one => one.stage === planned.key);
    const approvals = own.filter(one => one.verdict === 'approve').length;
    const state = stateOf(row, progress, own);
    const policy = plan.policies.find(one => one.policy === planned.policy);
    return {
      planned,
      progress,
      state,
      decisions: own,
      approvals,
      because: distinct([...(policy?.because ?? []), ...planned.because]),
      next: nextOf(planned, progress),
      passedByTime: progress?.passed_at != null && approvals < least(planned.needs),
      awaitsAnswer: state === 'open' && question !== undefined,
      reassigned: progress !== null && !isSame(planned.approvers, progress.asked[0] ?? []),
    };
  };
  return stepsOf(plan.stages).map(step => step.map(stage));
}

/** Stages of a row that wait for decisions. */
export const openStages = (row: ApprovalRow): ChainStage[] =>
  chainOf(row)
    .flat()
    .filter(stage => stage.state === 'open');

/** Tells whether a policy made the stages of a row; otherwise holders of `approve` decide. */
export const hasPolicy = (row: ApprovalRow): boolean =>
  approvalOf(row)?.plan.stages.some(stage => stage.policy !== undefined) ?? false;

/** Minimum number of approvals with which a stage passes. */
export const least = (needs: Needs): number => (typeof needs === 'object' ? needs.at_least : 1);

/** Stages by the number of stages that must pass before them, one after the other. */
export function stepsOf<S extends { key: string; after: string[] }>(stages: readonly S[]): S[][] {
  const depths = new Map<string, number>();
  const depth = (key: string, seen: readonly string[]): number => {
    const stage = stages.find(one => one.key === key);
    // A key that is not in the plan counts as passed, and a circle does not lead on.
    if (!stage || seen.includes(key)) return -1;
    const known = depths.get(key);
    if (known !== undefined) return known;
    const found = 1 + Math.max(-1, ...stage.after.map(before => depth(before, [...seen, key])));
    depths.set(key, found);
    return found;
  };
  const steps: S[][] = [];
  for (const stage of stages) (steps[depth(stage.key, [])] ??= []).push(stage);
  return steps.filter(Boolean);
}

function stateOf(row: ApprovalRow, progress: Progress | null, decisions: Decision[]): StageState {
  const pending = row.status === 'pending';
  if (!progress) return pending ? 'later' : 'unreached';
  if (progress.passed_at !== null) return 'passed';
  if (pending) return 'open';
  if (row.status === 'rejected' && decisions.some(one => one.verdict === 'reject')) return 'rejected';
  const ended = row.decided_at ? Date.parse(row.decided_at) : 0;
  const overdue = progress.due_at !== null && progress.due_at <= ended;
  return row.status === 'expired' && overdue ? 'expired' : 'ended';
}

function nextOf({ deadline }: PlannedStage, progress: Progress | null): Next {
  if (!deadline) return null;
  const step = deadline.escalate?.[progress?.escalations ?? 0];
  return step ? { kind: 'escalate', to: step.to } : { kind: deadline.finally };
}

/** Tells whether both contain the same references, in any order. */
function isSame(one: readonly Asked[], other: readonly Asked[]): boolean {
  return sorted(one) === sorted(other);
}

const sorted = (asked: readonly Asked[]) => JSON.stringify(asked.map(one => JSON.stringify(one)).sort());

function distinct(reasons: Reason[]): Reason[] {
  const seen = new Map(reasons.map(reason => [JSON.stringify(reason), reason]));
  return [...seen.values()];
}
