import type { Row } from '../api';

/** Steps of provisioning, in order. */
export const BUILD_STEPS = ['ensure-folder', 'clone', 'reconfigure', 'power-on', 'await-address'] as const;

export interface StepProgress {
  step: string;
  /** `skipped`: a later step began without this one. */
  state: 'open' | 'running' | 'done' | 'failed' | 'skipped';
  /** Progress of a running step in percent, if vCenter reports one. */
  percent: number | null;
}

type Event = Pick<Row<'timeline'>, 'kind' | 'step' | 'percent' | 'process'>;

/**
 * Progress of provisioning, computed from all events of the request, oldest first.
 *
 * A retry continues at the failed step, so finished steps stay finished. The last step is missing
 * if no address is awaited. A step that was not needed has no event.
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
