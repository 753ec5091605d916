import { describe, expect, it } from 'vitest';
import type { Row } from '../api';
import { type Group, placeOf } from './phases';
import { type StageSpan, waterfall } from './waterfall';

const START = Date.UTC(2026, 2, 2, 9);
const HOUR = 3_600_000;

/** Event `minutes` after the submission. */
const event = (minutes: number, kind: string, more: Partial<Row<'timeline'>> = {}) =>
  ({
    kind,
    at: new Date(START + minutes * 60_000).toISOString(),
    step: null,
    attempt: null,
    process: null,
    ...more,
  }) as Row<'timeline'>;

const step = (minutes: number, kind: string, name: string, attempt = 1, process = 'provision') =>
  event(minutes, `step-${kind}`, { step: name, attempt, process });

const stage = (key: string, hours: number, passed: number | null, isRejected = false): StageSpan => ({
  key,
  begin: START + hours * HOUR,
  passed: passed === null ? null : START + passed * HOUR,
  isRejected,
});

const minutes = (at: number | null) => (at === null ? '…' : String((at - START) / 60_000));

/** Phases as `name begin-end`, in minutes after the submission; `…` for an unknown end. */
const shown = (group: Group | undefined) =>
  group?.phases.map(({ kind, of, begin, end, outcome }) => {
    return `${kind}${of && ` ${of}`} ${minutes(begin)}-${minutes(end)}${outcome === 'done' ? '' : ` ${outcome}`}`;
  });

describe('the durations of an approval', () => {
  it('are those of its stages, also of parallel ones', () => {
    const events = [event(0, 'request-submitted'), event(180, 'request-rejected')];
    const [group] = waterfall(events, [
      stage('team', 0, 1),
      stage('finance', 1, null, true),
      stage('security', 1, null),
    ]);
    expect(shown(group)).toEqual([
      'stage team 0-60',
      'stage finance 60-180 failed',
      'stage security 60-180 ended',
    ]);
    expect(group).toMatchObject({ kind: 'approval', begin: START, end: START + 3 * HOUR });
  });

  it('contain the pauses, of which the first question begins one', () => {
    const events = [
      event(0, 'request-submitted'),
      event(10, 'question-asked'),
      event(20, 'question-asked'),
      event(50, 'question-answered'),
      event(60, 'changes-proposed'),
      event(90, 'changes-declined'),
      event(100, 'question-asked'),
      event(120, 'request-withdrawn'),
    ];
    const [group] = waterfall(events, [stage('team', 0, null)]);
    expect(shown(group)).toEqual([
      'stage team 0-120 ended',
      'question 10-50',
      'proposal 60-90',
      'question 100-120 ended',
    ]);
  });

  it('contain earlier revisions, whose stages are not known any more', () => {
    const events = [
      event(0, 'request-submitted'),
      event(5, 'question-asked'),
      event(30, 'request-revised'),
      event(40, 'changes-proposed'),
      event(60, 'changes-confirmed'),
      event(120, 'request-approved'),
    ];
    const [group] = waterfall(events, [stage('team', 1, 2)]);
    expect(shown(group)).toEqual([
      'revision 1 0-30',
      'question 5-30 ended',
      'revision 2 30-60',
      'proposal 40-60',
      'stage team 60-120',
    ]);
  });

  it('without stages are those of the decision', () => {
    const events = [event(0, 'request-submitted'), event(0.001, 'request-auto-approved')];
    expect(shown(waterfall(events, [])[0])).toEqual(['revision 1 0-0.001']);
  });

  it('of a request for the end of a machine have no build', () => {
    const events = [event(0, 'request-submitted'), event(60, 'decommission-approved')];
    const groups = waterfall(events, [stage('team', 0, 1)]);
    expect(groups.map(group => group.kind)).toEqual(['approval']);
  });
});

describe('the durations of a build', () => {
  it('begin with the wait for it', () => {
    const events = [
      event(60, 'request-approved'),
      step(61, 'started', 'clone'),
      step(62, 'progressed', 'clone'),
      step(63, 'finished', 'clone'),
      step(63, 'started', 'power-on'),
      step(64, 'finished', 'power-on'),
      event(64, 'request-fulfilled'),
    ];
    expect(shown(waterfall(events, [])[0])).toEqual([
      'wait 60-61',
      'step clone 61-63',
      'step power-on 63-64',
    ]);
  });

  it('are apart for each attempt, with the pause between them', () => {
    const events = [
      event(0, 'request-approved'),
      step(1, 'started', 'clone'),
      step(2, 'failed', 'clone'),
      event(2, 'request-failed'),
      event(100, 'request-retried', { attempt: 2, step: 'clone' }),
      step(101, 'started', 'clone', 2),
      step(103, 'finished', 'clone', 2),
      event(103, 'request-fulfilled'),
    ];
    const [first, second] = waterfall(events, []);
    expect(shown(first)).toEqual(['wait 0-1', 'step clone 1-2 failed']);
    expect(shown(second)).toEqual(['wait 100-101', 'step clone 101-103']);
    expect(second).toMatchObject({ kind: 'provision', attempt: 2, pause: 98 * 60_000 });
    expect(first?.pause).toBeNull();
  });

  it('are followed by those of the removal, whose attempts go on counting', () => {
    const events = [
      event(0, 'request-approved'),
      step(1, 'started', 'clone'),
      event(2, 'request-failed', { step: 'clone' }),
      event(5, 'request-cancel-requested', { attempt: 2 }),
      step(6, 'started', 'destroy', 2, 'cancel'),
      step(7, 'failed', 'destroy', 2, 'cancel'),
      event(7, 'request-cancel-failed'),
      event(20, 'request-cancel-requested', { attempt: 3 }),
      step(21, 'started', 'destroy', 3, 'cancel'),
      step(22, 'finished', 'destroy', 3, 'cancel'),
      event(22, 'request-cancelled'),
    ];
    const groups = waterfall(events, []);
    expect(groups.map(({ kind, attempt }) => `${kind} ${attempt}`)).toEqual([
      'provision 1',
      'cancel 1',
      'cancel 2',
    ]);
    expect(shown(groups[0])).toEqual(['wait 0-1', 'step clone 1-2 failed']);
    expect(shown(groups[1])).toEqual(['wait 5-6', 'step destroy 6-7 failed']);
  });

  it('end with the wait, if nothing had to be removed', () => {
    const events = [event(5, 'request-cancel-requested', { attempt: 2 }), event(6, 'request-cancelled')];
    expect(shown(waterfall(events, [])[0])).toEqual(['wait 5-6']);
  });

  it('are unknown where events are missing', () => {
    const events = [
      step(1, 'finished', 'clone'),
      step(2, 'started', 'power-on'),
      step(9, 'started', 'clone', 2),
      event(9, 'step-started', { process: 'provision' }),
      event(9, 'never-heard-of'),
      { ...event(9, 'request-fulfilled'), at: null },
      { ...event(9, 'request-fulfilled'), at: 'soon' },
    ];
    const [first, second] = waterfall(events, []);
    expect(shown(first)).toEqual(['step clone 1-…', 'step power-on 2-… ended']);
    expect(shown(second)).toEqual(['step clone 9-… ended']);
    expect(waterfall([], [])).toEqual([]);
  });

  it('are never negative', () => {
    const events = [
      event(0, 'request-approved'),
      step(5, 'started', 'clone'),
      step(4, 'finished', 'clone'),
      event(3, 'request-fulfilled'),
    ];
    expect(shown(waterfall(events, [])[0])).toEqual(['wait 0-5', 'step clone 5-5']);
  });
});

it('places phases in percent of their group', () => {
  const events = [
    event(0, 'request-approved'),
    step(5, 'started', 'clone'),
    step(10, 'finished', 'clone'),
    step(10, 'started', 'power-on'),
  ];
  const [group] = waterfall(events, []);
  expect(group?.phases.map(phase => placeOf(phase, group))).toEqual([
    { left: 0, width: 50 },
    { left: 50, width: 50 },
    { left: 100, width: 0 },
  ]);
});
