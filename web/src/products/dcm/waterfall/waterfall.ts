import type { Row } from '../api';
import { type Event, type Group, type Phase, beginPhase, endPhase, groupOf, isOpen } from './phases';
import { runsOf } from './runs';

/** Stage of the approval of the last revision, which the events of the timeline do not name. */
export interface StageSpan {
  key: string;
  /** Milliseconds since 1970. */
  begin: number;
  /** Null: the stage did not pass. */
  passed: number | null;
  isRejected: boolean;
}

/**
 * Phases of a request with their durations, in groups that have a time axis each: days of approval
 * beside seconds of a build would leave no room for the build.
 *
 * The events are all those of the request and of its machine, oldest first.
 */
export function waterfall(rows: readonly Row<'timeline'>[], stages: readonly StageSpan[]): Group[] {
  const events = rows.flatMap((row): Event[] => {
    const at = Date.parse(row.at ?? '');
    return Number.isNaN(at) ? [] : [{ ...row, at }];
  });
  const approval = approvalOf(events, stages);
  return [...(approval ? [approval] : []), ...runsOf(events)];
}

/** Events that end the approval. */
const DECIDED: ReadonlySet<string> = new Set([
  'request-approved',
  'request-auto-approved',
  'decommission-approved',
  'request-rejected',
  'request-expired',
  'request-withdrawn',
]);

/** Events after which the approval begins again, for the next revision. */
const REVISED: ReadonlySet<string> = new Set(['request-revised', 'changes-confirmed']);

/** Waits for the requester, by the event that begins them, with the events that end them. */
const PAUSES: Partial<Record<string, { kind: 'question' | 'proposal'; ends: readonly string[] }>> = {
  'question-asked': { kind: 'question', ends: ['question-answered'] },
  'changes-proposed': { kind: 'proposal', ends: ['changes-confirmed', 'changes-declined'] },
};

function approvalOf(events: readonly Event[], stages: readonly StageSpan[]): Group | null {
  const decided = events.find(event => DECIDED.has(event.kind ?? ''))?.at ?? null;
  const revisions = revisionsOf(events);
  const last = revisions.at(-1);
  // The stages show the last revision in detail.
  const shown = last && stages.length > 0 ? revisions.slice(0, -1) : revisions;
  const phases = [...shown, ...stages.map(stage => stagePhase(stage, decided)), ...pausesOf(events)];
  return groupOf('approval', 1, phases, revisions[0]?.begin);
}

function revisionsOf(events: readonly Event[]): Phase[] {
  const revisions: Phase[] = [];
  for (const { kind, at } of events) {
    const isRevised = REVISED.has(kind ?? '');
    const open = revisions.at(-1);
    if (open && isRevised) endPhase(open, at, 'done');
    if (open && DECIDED.has(kind ?? '')) endPhase(open, at, 'done');
    if (isRevised || (kind === 'request-submitted' && !open))
      revisions.push(beginPhase('revision', String(revisions.length + 1), at));
  }
  return revisions;
}

function stagePhase({ key, begin, passed, isRejected }: StageSpan, decided: number | null): Phase {
  const phase = beginPhase('stage', key, begin);
  const end = passed ?? decided;
  if (end !== null) endPhase(phase, end, passed !== null ? 'done' : isRejected ? 'failed' : 'ended');
  return phase;
}

/** Questions and proposals. Several people may ask; the first question begins the pause. */
function pausesOf(events: readonly Event[]): Phase[] {
  const pauses: Phase[] = [];
  for (const { kind, at } of events) {
    const open = pauses.filter(isOpen);
    for (const phase of open) {
      const ends = Object.values(PAUSES).find(one => one?.kind === phase.kind)?.ends ?? [];
      if (ends.includes(kind ?? '')) endPhase(phase, at, 'done');
      else if (REVISED.has(kind ?? '') || DECIDED.has(kind ?? '')) endPhase(phase, at, 'ended');
    }
    const begun = PAUSES[kind ?? ''];
    if (begun && !open.some(one => one.kind === begun.kind && isOpen(one)))
      pauses.push(beginPhase(begun.kind, '', at));
  }
  return pauses;
}
