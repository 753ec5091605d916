import { type Event, type Group, type Phase, beginPhase, endPhase, groupOf, isOpen } from './phases';

type Process = Exclude<Group['kind'], 'approval'>;

/** Events that begin a run of a process, complete it, or stop it. */
const RUNS: Record<Process, Record<'begin' | 'done' | 'failed', readonly string[]>> = {
  provision: {
    begin: ['request-approved', 'request-auto-approved', 'request-retried'],
    done: ['request-fulfilled'],
    failed: ['request-failed', 'request-cancel-requested'],
  },
  cancel: {
    begin: ['request-cancel-requested'],
    done: ['request-cancelled'],
    failed: ['request-cancel-failed'],
  },
  decommission: {
    begin: ['vm-decommission-requested'],
    done: ['vm-decommissioned', 'vm-gone-confirmed'],
    failed: ['vm-decommission-failed'],
  },
};

const PROCESSES = Object.keys(RUNS) as Process[];

interface Run {
  /**
   * Attempt as the events count it, together for build and removal; null: no event of the run has
   * one yet.
   */
  attempt: number | null;
  phases: Phase[];
  /** Null: the run has not ended. */
  end: number | null;
}

/** Attempts of the build, of its removal, and of the decommissioning, in order of time. */
export function runsOf(events: readonly Event[]): Group[] {
  return PROCESSES.flatMap(process => groupsOf(process, events)).sort(
    (one, other) => one.begin - other.begin,
  );
}

function groupsOf(process: Process, events: readonly Event[]): Group[] {
  const runs: Run[] = [];
  for (const event of events) note(runs, process, event);
  return runs.flatMap(({ phases }, index): Group[] => {
    const group = groupOf(process, index + 1, phases);
    const before = runs[index - 1]?.end ?? null;
    return group ? [{ ...group, pause: before === null ? null : Math.max(group.begin - before, 0) }] : [];
  });
}

function note(runs: Run[], process: Process, event: Event): void {
  const kind = event.kind ?? '';
  const { begin, done, failed } = RUNS[process];
  const run = runs.at(-1);
  if (run && (done.includes(kind) || failed.includes(kind)))
    endRun(run, event.at, done.includes(kind) ? 'done' : 'failed');
  if (begin.includes(kind)) {
    // A run that began again has no end of its own, because its events are missing.
    if (run && run.end === null) endRun(run, event.at, 'ended');
    runs.push({ attempt: event.attempt, phases: [beginPhase('wait', '', event.at)], end: null });
  }
  if (event.process === process && event.step && STEPS.has(kind)) noteStep(runs, event, event.step);
}

const STEPS: ReadonlySet<string> = new Set(['step-started', 'step-finished', 'step-failed']);

function noteStep(runs: Run[], { kind, at, attempt }: Event, step: string): void {
  const run = runOf(runs, attempt);
  const wait = run.phases.find(one => one.kind === 'wait' && isOpen(one));
  if (wait) endPhase(wait, at, 'done');
  let open = run.phases.findLast(one => one.of === step && isOpen(one));
  if (!open) {
    open = beginPhase('step', step, at);
    run.phases.push(open);
    // Its start is missing, so its duration is unknown.
    if (kind !== 'step-started') open.outcome = kind === 'step-failed' ? 'failed' : 'done';
  } else if (kind !== 'step-started') {
    endPhase(open, at, kind === 'step-failed' ? 'failed' : 'done');
  }
}

/** Run of a step's attempt; a new one if the events that began it are missing. */
function runOf(runs: Run[], attempt: number | null): Run {
  const last = runs.at(-1);
  if (last) last.attempt ??= attempt;
  if (last && (attempt === null || attempt <= (last.attempt ?? attempt))) return last;
  const run: Run = { attempt, phases: [], end: null };
  runs.push(run);
  return run;
}

function endRun(run: Run, at: number, outcome: Phase['outcome']): void {
  run.end ??= at;
  for (const phase of run.phases.filter(isOpen)) endPhase(phase, at, outcome);
}
