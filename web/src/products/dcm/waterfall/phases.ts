import type { Row } from '../api';

/** Event of the timeline, with its time in milliseconds since 1970. */
export type Event = Pick<Row<'timeline'>, 'kind' | 'step' | 'attempt' | 'process'> & { at: number };

/** `ended`: over without a result of its own, because the whole was over. */
export type Outcome = 'done' | 'failed' | 'ended';

export interface Phase {
  /** `wait`: from the cause of a run until its first step. */
  kind: 'revision' | 'stage' | 'question' | 'proposal' | 'wait' | 'step';
  /** Number of the revision, key of the stage, or step; empty for the other kinds. */
  of: string;
  /** Milliseconds since 1970. */
  begin: number;
  /** Null: no event says when the phase ended, or when it began. */
  end: number | null;
  outcome: Outcome;
}

/** Phases with a time axis of their own. */
export interface Group {
  kind: 'approval' | 'provision' | 'cancel' | 'decommission';
  /** Number of the attempt, from 1. */
  attempt: number;
  begin: number;
  end: number;
  /** Milliseconds since the end of the attempt before; null: there was none. */
  pause: number | null;
  phases: Phase[];
}

export const beginPhase = (kind: Phase['kind'], of: string, begin: number): Phase => ({
  kind,
  of,
  begin,
  end: null,
  outcome: 'ended',
});

export const isOpen = ({ end, outcome }: Phase): boolean => end === null && outcome === 'ended';

/** A phase never ends before it began, even if two hosts' clocks differ. */
export function endPhase(phase: Phase, at: number, outcome: Outcome): void {
  phase.end = Math.max(at, phase.begin);
  phase.outcome = outcome;
}

/** Group of phases in order of time; null: there are none. `begin`: at the latest then. */
export function groupOf(
  kind: Group['kind'],
  attempt: number,
  phases: readonly Phase[],
  begin?: number,
): Group | null {
  if (phases.length === 0) return null;
  return {
    kind,
    attempt,
    begin: Math.min(...phases.map(one => one.begin), begin ?? Infinity),
    end: Math.max(...phases.map(one => one.end ?? one.begin)),
    pause: null,
    phases: [...phases].sort((one, other) => one.begin - other.begin),
  };
}

/** Place of a phase on its group's axis, in percent. */
export function placeOf({ begin, end }: Phase, group: Group): { left: number; width: number } {
  const whole = Math.max(group.end - group.begin, 1);
  const left = ((begin - group.begin) / whole) * 100;
  return { left, width: (((end ?? begin) - begin) / whole) * 100 };
}
