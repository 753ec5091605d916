import { expect, it } from 'vitest';
import type { PlannedStage } from '../stages/approval';
import { awaitedAnswer } from './thread';

const HOUR = 3_600_000;

const planned = (key: string): PlannedStage => ({
  key,
  because: [],
  after: [],
  approvers: [{ group: key }],
  needs: 'any',
});

const progress = (left_ms?: number) => ({
  since: 0,
  due_at: null,
  ...(left_ms === undefined ? {} : { left_ms }),
  asked: [],
  escalations: 0,
  operators_asked: false,
  passed_on: [],
  passed_at: null,
});

const row = (awaited: string | null, stages: Record<string, ReturnType<typeof progress>>) => ({
  awaited,
  status: 'pending',
  approval: {
    revision: 1,
    question: { since: 5, by: ['james'] },
    plan: { policies: [], auto: [], stages: Object.keys(stages).map(planned) },
    stages,
  },
  decisions: null,
  decided_at: null,
  offering_name: null,
  requester_name: null,
  currency: null,
});

it('a wait for an answer says how much of the nearest deadline is left afterwards', () => {
  const stages = { a: progress(3 * HOUR), b: progress(2 * HOUR), c: progress() };
  expect(awaitedAnswer(row('requester', stages))).toEqual({ since: new Date(5), left: 2 * HOUR });
});

it('no deadline stands still if no open stage has one', () => {
  expect(awaitedAnswer(row('requester', { a: progress() }))?.left).toBeNull();
});

it('a row that waits for its approvers, or is decided, waits for no answer', () => {
  expect(awaitedAnswer(row('approvers', { a: progress() }))).toBeNull();
  expect(awaitedAnswer(row(null, { a: progress() }))).toBeNull();
});
