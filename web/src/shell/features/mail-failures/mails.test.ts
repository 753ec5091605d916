import { expect, it } from 'vitest';
import { type Queue, waitingOf } from './mails';

const mail = (created_at: string, next_at: string | null) => ({ created_at, next_at });
const queue = (...items: ReturnType<typeof mail>[]) => ({ items, pauses: [] }) as unknown as Queue;

it('summarises waiting mails: number, oldest, and next attempt', () => {
  expect(waitingOf(queue())).toMatchObject({ count: 0, oldest: null });
  const two = queue(
    mail('2026-11-28T10:02:00Z', '2026-11-28T10:09:00Z'),
    mail('2026-11-28T10:00:00Z', '2026-11-28T10:14:00Z'),
  );
  expect(waitingOf(two)).toEqual({
    count: 2,
    more: false,
    oldest: '2026-11-28T10:00:00Z',
    next: '2026-11-28T10:09:00Z',
  });
  expect(waitingOf(queue(mail('2026-11-28T10:00:00Z', null))).next).toBeNull();
  const listed = queue(...Array.from({ length: 100 }, () => mail('2026-11-28T10:00:00Z', null)));
  expect(waitingOf(listed)).toMatchObject({ more: true, oldest: null });
});
