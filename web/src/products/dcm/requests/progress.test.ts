import { describe, expect, it } from 'vitest';
import type { Row } from '../api';
import { progressOf } from './progress';
import { condensed } from './timeline';

type Event = Row<'timeline'>;

const event = (kind: string, step?: string, percent?: number) =>
  ({
    key: `${kind} ${step} ${percent}`,
    kind,
    step: step ?? null,
    percent: percent ?? null,
    process: null,
  }) as Event;

const states = (events: Event[]) => progressOf(events).map(one => one.state);

describe('the progress of provisioning', () => {
  it('starts with all steps open', () => {
    expect(states([event('request-submitted')])).toEqual(['open', 'open', 'open', 'open', 'open']);
  });

  it('follows the steps, with the percent of the running one', () => {
    const progress = progressOf([
      event('step-started', 'ensure-folder'),
      event('step-finished', 'ensure-folder'),
      event('step-started', 'clone'),
      event('step-progressed', 'clone', 42),
    ]);
    expect(progress.map(one => one.state)).toEqual(['done', 'running', 'open', 'open', 'open']);
    expect(progress[1]?.percent).toBe(42);
  });

  it('keeps finished steps after a failure, and opens the failed step for a retry', () => {
    const failed = [
      event('step-finished', 'ensure-folder'),
      event('step-started', 'clone'),
      event('step-failed', 'clone'),
      event('request-failed', 'clone'),
    ];
    expect(states(failed)).toEqual(['done', 'failed', 'open', 'open', 'open']);
    expect(states([...failed, event('request-retried', 'clone')])).toEqual([
      'done',
      'open',
      'open',
      'open',
      'open',
    ]);
  });

  it('marks a step that was not needed as skipped, also at the end', () => {
    const events = [
      event('step-finished', 'ensure-folder'),
      event('step-finished', 'clone'),
      event('step-started', 'power-on'),
    ];
    expect(states(events)).toEqual(['done', 'done', 'skipped', 'running', 'open']);
    const over = [...events, event('step-finished', 'power-on'), event('request-fulfilled')];
    expect(states(over)).toEqual(['done', 'done', 'skipped', 'done', 'done']);
  });

  it('has no step for an address that is not awaited', () => {
    const steps = progressOf([event('step-failed', 'await-address')], false);
    expect(steps.map(one => one.step)).toEqual(['ensure-folder', 'clone', 'reconfigure', 'power-on']);
  });

  it('is complete when the request is fulfilled, regardless of later events', () => {
    const events = [
      event('request-fulfilled'),
      event('step-started', 'power-off'),
      event('step-finished', 'destroy'),
    ];
    expect(states(events)).toEqual(['done', 'done', 'done', 'done', 'done']);
  });
});

describe('the timeline', () => {
  it('has one line for each step, the newest first', () => {
    const shown = condensed([
      event('request-approved'),
      event('step-started', 'ensure-folder'),
      event('step-finished', 'ensure-folder'),
      event('step-started', 'clone'),
      event('step-progressed', 'clone', 10),
      event('step-progressed', 'clone', 40),
    ]);
    expect(shown.map(one => [one.kind, one.step, one.percent])).toEqual([
      ['step-started', 'clone', 40],
      ['step-finished', 'ensure-folder', null],
      ['request-approved', null, null],
    ]);
  });
});
