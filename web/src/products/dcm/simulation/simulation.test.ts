import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { speechIn } from '../policies/policy-testing';
import { planPhrases } from './plan-phrases';
import { DAYS, type Progress, type SimulatedPlan, simulateDraft } from './simulation';
import { text } from './text';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const DAY = 86_400_000;

const MANAGER: SimulatedPlan = {
  stages: [
    {
      stage: 'costly.manager',
      name: 'Manager',
      approvers: [{ manager_of: 'requester' }],
      needs: 'any',
      after: [],
      because: [],
      hours: null,
    },
  ],
  rules: [],
};
const RULE: SimulatedPlan = { stages: [], rules: [{ policy: 'costly', name: 'Small', because: [] }] };

const batches: string[][] = [];
let ages: number[] = [];

/** Host with one request per age in days; every other request has another approval by the draft. */
async function host(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname.endsWith('/views/requests')) {
    const from = Number(searchParams.get('cursor') ?? 0);
    const items = ages.slice(from, from + 200).map((age, index) => ({
      key: String(from + index),
      submitted_at: new Date(NOW - age * DAY).toISOString(),
    }));
    const next = from + 200 < ages.length ? String(from + 200) : null;
    return Response.json({ items, next });
  }
  expect(searchParams.get('dry-run')).toBe('true');
  const { requests, ...rest } = (await request.json()) as { requests: string[] };
  expect(rest).toEqual({ policy: 'costly', revision: 3 });
  batches.push(requests);
  const answers = requests.map(key => ({
    request: key,
    differs: Number(key) % 2 === 1,
    before: MANAGER,
    after: RULE,
  }));
  return Response.json({ preview: { requests: answers }, dry_run: true });
}

const simulation = (onProgress = vi.fn<(progress: Progress) => void>()) =>
  simulateDraft({
    policy: 'costly',
    revision: 3,
    now: NOW,
    signal: new AbortController().signal,
    onProgress,
  });

beforeEach(() => {
  batches.length = 0;
  vi.stubGlobal('fetch', host);
});
afterEach(() => vi.unstubAllGlobals());

describe('the simulation of a draft', () => {
  it('covers the requests of the last 90 days in batches of 25, and finds those that differ', async () => {
    ages = [...Array.from({ length: 59 }, (_, index) => index), DAYS + 1, DAYS + 2];
    const onProgress = vi.fn<(progress: Progress) => void>();
    const { count, differences, truncated } = await simulation(onProgress);
    expect([count, differences.length, truncated]).toEqual([59, 29, false]);
    expect(batches.map(({ length }) => length)).toEqual([25, 25, 9]);
    expect(differences[0]).toMatchObject({ request: { key: '1' }, before: MANAGER, after: RULE });
    expect(onProgress).toHaveBeenLastCalledWith({ done: 50, of: 59 });
  });

  it('reads further pages until a request is older', async () => {
    ages = [...Array.from({ length: 250 }, () => 5), ...Array.from({ length: 400 }, () => 100)];
    expect((await simulation()).count).toBe(250);
  });

  it('covers the newest 1,000 requests, and says that there are more', async () => {
    ages = Array.from({ length: 1300 }, () => 5);
    const { count, truncated } = await simulation();
    expect([count, truncated]).toEqual([1000, true]);
  });

  it('asks nothing without requests', async () => {
    ages = [];
    expect(await simulation()).toEqual({ count: 0, differences: [], truncated: false });
    expect(batches).toEqual([]);
  });
});

describe('the phrases of a plan', () => {
  it('name the people of each stage, and the rule of a plan without people', () => {
    const [stage] = MANAGER.stages;
    const two = { ...MANAGER, stages: [{ ...stage!, name: null, needs: { at_least: 2 } }] };
    expect(planPhrases(MANAGER, text.en, speechIn('en'))).toEqual(['Manager: the manager of the requester']);
    expect(planPhrases(two, text.en, speechIn('en'))).toEqual([
      'Approval: the manager of the requester; at least 2 must approve',
    ]);
    expect(planPhrases(RULE, text.de, speechIn('de'))).toEqual(['Automatisch freigegeben: Small']);
  });
});
