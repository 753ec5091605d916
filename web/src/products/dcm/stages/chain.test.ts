import { describe, expect, it } from 'vitest';
import type { Approval, ApprovalRow, Decision, PlannedStage, Progress } from './approval';
import { earlierDecisions, presentDecisions } from './approval';
import { chainOf, openStages, stepsOf } from './chain';

const HOUR = 3_600_000;

const planned = (key: string, more: Partial<PlannedStage> = {}): PlannedStage => ({
  key,
  policy: 'costly',
  because: [],
  after: [],
  approvers: [{ group: key }],
  needs: 'any',
  ...more,
});

const opened = (more: Partial<Progress> = {}): Progress => ({
  since: 0,
  due_at: null,
  asked: [[{ group: 'finance' }]],
  escalations: 0,
  operators_asked: false,
  passed_on: [],
  passed_at: null,
  ...more,
});

const decided = (stage: string, verdict: Decision['verdict'], approver_id = 'a'): Decision => ({
  revision: 1,
  stage,
  verdict,
  approver_id,
  approver_name: 'Anna',
  on_behalf_of_id: null,
  comment: null,
  at: 0,
});

interface Given {
  status?: string;
  question?: Approval['question'];
  stages: PlannedStage[];
  progress?: Record<string, Progress>;
  decisions?: Decision[];
  decided_at?: string;
}

const row = ({
  status = 'pending',
  question,
  stages,
  progress = {},
  decisions = [],
  decided_at,
}: Given): ApprovalRow => ({
  status,
  approval: { revision: 1, question, plan: { policies: [], auto: [], stages }, stages: progress },
  decisions,
  decided_at: decided_at ?? null,
  offering_name: null,
  requester_name: null,
  currency: 'EUR',
});

const states = (given: Given) =>
  chainOf(row(given))
    .flat()
    .map(stage => stage.state);

const keys = (stages: PlannedStage[]) => stepsOf(stages).map(step => step.map(stage => stage.key));

describe('the steps of an approval', () => {
  it('have stages together that need not wait for each other', () => {
    expect(keys([planned('a'), planned('c', { after: ['a', 'b'] }), planned('b')])).toEqual([
      ['a', 'b'],
      ['c'],
    ]);
  });

  it('are those of the longest way to a stage', () => {
    const stages = [planned('a'), planned('b', { after: ['a'] }), planned('c', { after: ['a', 'b'] })];
    expect(keys(stages)).toEqual([['a'], ['b'], ['c']]);
  });

  it('end, also for a stage in a circle or after an unknown one', () => {
    const stages = [
      planned('a', { after: ['b'] }),
      planned('b', { after: ['a'] }),
      planned('c', { after: ['x'] }),
    ];
    expect(keys(stages).flat().sort()).toEqual(['a', 'b', 'c']);
  });
});

describe('a stage', () => {
  const two = [planned('a'), planned('b', { after: ['a'] })];

  it('waits, or is to come, while the request is pending', () => {
    expect(states({ stages: two, progress: { a: opened() } })).toEqual(['open', 'later']);
    expect(openStages(row({ stages: two, progress: { a: opened() } }))).toHaveLength(1);
  });

  it('has passed although a later one was rejected', () => {
    const given = {
      status: 'rejected',
      stages: two,
      progress: { a: opened({ passed_at: 1 }), b: opened() },
      decisions: [decided('a', 'approve'), decided('b', 'reject')],
    };
    expect(states(given)).toEqual(['passed', 'rejected']);
  });

  it('is not reached after a rejection before it', () => {
    const given = {
      status: 'rejected',
      stages: two,
      progress: { a: opened() },
      decisions: [decided('a', 'reject')],
    };
    expect(states(given)).toEqual(['rejected', 'unreached']);
  });

  it('missed its deadline if the request expired then, and another open one only ended', () => {
    const given = {
      status: 'expired',
      stages: [planned('a'), planned('b')],
      progress: { a: opened({ due_at: HOUR }), b: opened({ due_at: 9 * HOUR }) },
      decided_at: new Date(HOUR + 5).toISOString(),
    };
    expect(states(given)).toEqual(['expired', 'ended']);
  });

  it('passed by time if it has too few approvals', () => {
    const stages = [planned('a', { needs: { at_least: 2 } })];
    const passed = (decisions: Decision[]) =>
      chainOf(row({ stages, progress: { a: opened({ passed_at: 1 }) }, decisions }))[0]?.[0]?.passedByTime;
    expect(passed([decided('a', 'approve')])).toBe(true);
    expect(passed([decided('a', 'approve'), decided('a', 'approve', 'b')])).toBe(false);
  });

  it('counts no decision on an earlier revision', () => {
    const stages = [planned('a', { needs: { at_least: 2 } })];
    const decisions = [{ ...decided('a', 'approve'), revision: 0 }, decided('a', 'approve', 'b')];
    const given = row({ stages, progress: { a: opened() }, decisions });
    expect(chainOf(given).flat()[0]?.approvals).toBe(1);
    expect(earlierDecisions(given)).toEqual([decisions[0]]);
    expect(presentDecisions(given)).toEqual([decisions[1]]);
  });

  it('waits for an answer while it is open and a question too', () => {
    const given = { stages: two, progress: { a: opened({ left_ms: HOUR }) } };
    const waits = (question: Approval['question']) =>
      chainOf(row({ ...given, question }))
        .flat()
        .map(stage => stage.awaitsAnswer);
    expect(waits({ since: 1, by: ['x'] })).toEqual([true, false]);
    expect(waits(undefined)).toEqual([false, false]);
  });

  it('has as its consequence the next escalation, and at last the end that the policy names', () => {
    const deadline = {
      hours: 8,
      escalate: [{ to: { permission: 'operate' }, hours: 4 }],
      finally: 'expire' as const,
    };
    const next = (escalations: number) =>
      chainOf(row({ stages: [planned('a', { deadline })], progress: { a: opened({ escalations }) } }))[0]?.[0]
        ?.next;
    expect(next(0)).toEqual({ kind: 'escalate', to: { permission: 'operate' } });
    expect(next(1)).toEqual({ kind: 'expire' });
  });
});

it('a stage is reassigned if other people are asked than the plan names, in whichever order', () => {
  const asked = [{ group: 'a' }, { actor: '1' }];
  const reassigned = (first: typeof asked) =>
    chainOf(
      row({ stages: [planned('a', { approvers: asked })], progress: { a: opened({ asked: [first] }) } }),
    )
      .flat()
      .map(stage => stage.reassigned);
  expect(reassigned(asked.toReversed())).toEqual([false]);
  expect(reassigned([{ actor: '2' }])).toEqual([true]);
  expect(chainOf(row({ stages: [planned('a')] }))[0]?.[0]?.reassigned).toBe(false);
});

it('a request without an approval has no stages', () => {
  expect(chainOf({ ...row({ stages: [] }), approval: null })).toEqual([]);
});
