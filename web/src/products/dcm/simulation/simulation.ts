import type { Reason } from '../stages/approval';
import { type Row, fetchRows, rehearse } from '../api';
import type { Approver, Needs } from '../policies/document';

/** Number of days whose requests a simulation covers. */
export const DAYS = 90;

/** Maximum number of requests of a simulation: the newest ones. */
export const REQUESTS_MAX = 1000;

/** Number of requests that the host simulates at once. */
const BATCH = 25;

/** Number of requests that are loaded at once, which is the host's maximum. */
const PAGE = 200;

const DAY_MS = 86_400_000;

/** Stages that a request has by a set of policies, or the rules that approve it without people. */
export interface SimulatedPlan {
  stages: SimulatedStage[];
  rules: { policy: string; name: string; because: Reason[] }[];
}

export interface SimulatedStage {
  stage: string;
  /** Null: the stage of a request for which no policy asks for one. */
  name: string | null;
  approvers: Approver[];
  needs: Needs;
  after: string[];
  because: Reason[];
  /** Business hours until the deadline; null: the stage waits without limit. */
  hours: number | null;
}

/** Request that the draft would decide differently. */
export interface Difference {
  request: Row<'requests'>;
  before: SimulatedPlan;
  after: SimulatedPlan;
}

export interface Simulation {
  /** Number of simulated requests. */
  count: number;
  differences: Difference[];
  /** Whether there were more requests than `REQUESTS_MAX`. */
  truncated: boolean;
}

/** Number of simulated requests, and of all that will be simulated. */
export interface Progress {
  done: number;
  of: number;
}

interface SimulationOptions {
  policy: string;
  revision: number;
  /** Time of the host, in milliseconds since 1970. */
  now: number;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/** Simulates the draft over the requests of the last 90 days, the newest first. */
export async function simulateDraft(options: SimulationOptions): Promise<Simulation> {
  const requests = await requestsSince(options.now - DAYS * DAY_MS, options.signal);
  const simulated = requests.slice(0, REQUESTS_MAX);
  return {
    count: simulated.length,
    differences: await differencesFrom(0, simulated, options),
    truncated: requests.length > REQUESTS_MAX,
  };
}

/** Simulates the draft with the requests from this index on, one batch after the other. */
async function differencesFrom(
  start: number,
  requests: Row<'requests'>[],
  options: SimulationOptions,
): Promise<Difference[]> {
  if (start >= requests.length) return [];
  const { policy, revision, signal, onProgress } = options;
  onProgress({ done: start, of: requests.length });
  const batch = requests.slice(start, start + BATCH);
  const body = { policy, revision, requests: batch.map(({ key }) => key) };
  const { preview } = await rehearse('simulate-policy', body, signal);
  const found = differing(batch, (preview?.requests ?? []) as Answer[]);
  return [...found, ...(await differencesFrom(start + BATCH, requests, options))];
}

interface Answer {
  request: string;
  differs: boolean;
  before: SimulatedPlan;
  after: SimulatedPlan;
}

function differing(batch: Row<'requests'>[], answers: Answer[]): Difference[] {
  const rows = new Map(batch.map(row => [row.key, row]));
  return answers.flatMap(({ request: key, differs, before, after }) => {
    const request = rows.get(key);
    return differs && request ? [{ request, before, after }] : [];
  });
}

/** Requests since this time, the newest first: one more than are simulated, if there are more. */
async function requestsSince(
  since: number,
  signal: AbortSignal,
  cursor: string | null = null,
  newer: Row<'requests'>[] = [],
): Promise<Row<'requests'>[]> {
  const { items, next } = await fetchRows('requests', { sort: '-submitted_at', limit: PAGE }, cursor, signal);
  const recent = items.filter(row => Date.parse(row.submitted_at ?? '') >= since);
  const requests = [...newer, ...recent];
  const isComplete = next === null || recent.length < items.length || requests.length > REQUESTS_MAX;
  return isComplete ? requests : requestsSince(since, signal, next, requests);
}
