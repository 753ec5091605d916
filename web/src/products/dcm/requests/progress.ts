import type { Row } from '../api';

/** The steps of building, in order. */
export const BUILD_STEPS = ['ensure-folder', 'clone', 'reconfigure', 'power-on', 'await-address'] as const;

export interface StepProgress {
  step: string;
  /** Skipped: a later step began without it. */
  state: 'open' | 'running' | 'done' | 'failed' | 'skipped';
  /** Of a running step, if the system says so. */
  percent: number | null;
}

type Event = Pick<Row<'timeline'>, 'kind' | 'step' | 'percent' | 'process'>;

/**
 * How far building has come, from everything that happened so far, oldest first. A retry goes on from the step that failed,
 * so what an earlier attempt finished stays finished. Without an address to wait for there is no such step. A step that
 * was not needed leaves no event of its own.
 */
export function progressOf(events: readonly Event[], awaitAddress = true): StepProgress[] {
  const planned = BUILD_STEPS.filter(step => awaitAddress || step !== 'await-address');
  const steps = new Map<string, StepProgress>(
    planned.map(step => [step, { step, state: 'open', percent: null }]),
  );
  const note = (step: string | null, state: StepProgress['state'], percent: number | null = null) => {
    if (step && steps.has(step)) steps.set(step, { step, state, percent });
  };
  for (const { kind, step, percent } of events) {
    if (kind === 'step-started') note(step, 'running');
    else if (kind === 'step-progressed') note(step, 'running', percent);
    else if (kind === 'step-finished') note(step, 'done');
    else if (kind === 'step-failed' || kind === 'request-failed') note(step, 'failed');
    else if (kind === 'request-retried') note(step, 'open');
    else if (kind === 'request-fulfilled')
      for (const one of planned.slice(lastBegun([...steps.values()]) + 1)) note(one, 'done');
  }
  const all = [...steps.values()];
  for (const { step, state } of all.slice(0, Math.max(lastBegun(all), 0)))
    if (state === 'open') note(step, 'skipped');
  return [...steps.values()];
}

function lastBegun(steps: readonly StepProgress[]): number {
  return steps.findLastIndex(one => one.state !== 'open');
}
