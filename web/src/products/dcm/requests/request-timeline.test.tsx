import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it } from 'vitest';
import { createQueryClient } from '@/shell/api/query-client';
import type { Row } from '../api';
import { RequestTimeline } from './request-timeline';

afterEach(cleanup);

const START = Date.UTC(2026, 2, 2, 9);
const DAY = 86_400_000;

const event = (after: number, kind: string, more: Partial<Row<'timeline'>> = {}) =>
  ({ key: `${kind} ${after}`, kind, at: new Date(START + after).toISOString(), ...more }) as Row<'timeline'>;

const step = (after: number, kind: string, name: string) =>
  event(after, kind, { step: name, attempt: 1, process: 'provision' });

const EVENTS = [
  event(0, 'request-submitted'),
  event(2 * DAY, 'request-approved'),
  step(2 * DAY + 1_000, 'step-started', 'clone'),
  step(2 * DAY + 41_000, 'step-finished', 'clone'),
  step(2 * DAY + 41_000, 'step-started', 'power-on'),
  step(2 * DAY + 41_050, 'step-failed', 'power-on'),
  event(2 * DAY + 41_050, 'request-failed'),
  event(2 * DAY + 50_000, 'request-cancel-requested', { attempt: 2 }),
  event(2 * DAY + 51_000, 'request-cancelled'),
];

const PLAN = {
  policies: [],
  auto: [],
  stages: [
    {
      key: 'finance',
      policy: 'costly',
      name: { en: 'Finance', de: 'Finanzen' },
      because: [],
      after: [],
      approvers: [],
      needs: 'any',
    },
  ],
};

const request = (more: Partial<Row<'requests'>>) =>
  ({
    key: 'r1',
    status: 'cancelled',
    terminal: true,
    approval: {
      revision: 1,
      plan: PLAN,
      stages: {
        finance: { since: START, due_at: null, asked: [], passed_on: [], passed_at: START + 2 * DAY },
      },
    },
    decisions: [],
    ...more,
  }) as unknown as Row<'requests'>;

/** Phases of a group, without their times. */
const lines = async (group: string) =>
  within(await screen.findByRole('region', { name: group }))
    .getAllByRole('listitem')
    .map(item => item.textContent?.replace(/Began: .*?\d\d:\d\d:\d\d/u, 'at'));

function page(shown: Row<'requests'>) {
  render(
    <QueryClientProvider client={createQueryClient()}>
      <RequestTimeline request={shown} events={EVENTS} />
    </QueryClientProvider>,
  );
}

it('an open request shows its events alone', () => {
  page(request({ status: 'failed', terminal: false }));
  expect(screen.getByText('Request submitted')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Durations' })).toBeNull();
});

it('a request that has ended also shows the duration of each phase', async () => {
  page(request({}));
  const hand = userEvent.setup();
  await hand.click(screen.getByRole('button', { name: 'Durations' }));
  expect(await lines('Approval 2 days')).toEqual(['Finance at 2 days']);
  expect(await lines('Build 41 seconds')).toEqual([
    'Wait for the build at 1 second',
    'Copy the template at 40 seconds',
    'Power on · failed at 0.1 seconds',
  ]);
  expect(await lines('Removal of the parts that were built 1 second')).toHaveLength(1);
  await hand.click(screen.getByRole('button', { name: 'Events' }));
  expect(screen.getByText('Request submitted')).toBeTruthy();
});
