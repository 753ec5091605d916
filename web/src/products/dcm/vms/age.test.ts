import { describe, expect, it } from 'vitest';
import { isOld, readAt, termEnd } from './age';

const at = (minute: number) => `2026-11-28T10:${String(minute).padStart(2, '0')}:00Z`;
const row = (observed: number | null, refreshed: number, terminal = false) => ({
  observed_at: observed === null ? null : at(observed),
  refreshed_at: at(refreshed),
  terminal,
});

describe('the age of a VM’s data', () => {
  it('is that of the last reading', () => {
    expect(readAt(row(30, 10))).toBe(at(30));
    expect(readAt(row(10, 30))).toBe(at(30));
    expect(readAt(row(null, 30))).toBe(at(30));
  });

  it('is old when vCenter could not be read for some time, except for a VM that is gone', () => {
    const now = new Date(at(45));
    expect(isOld(row(40, 0), now)).toBe(false);
    expect(isOld(row(30, 0), now)).toBe(true);
    expect(isOld(row(30, 0, true), now)).toBe(false);
  });
});

const end = (begun: string, months: number) => termEnd(begun, months).toDateString();

describe('a term', () => {
  it('ends on the same day of a later month, or on its last day', () => {
    expect(end('2026-11-28T12:00:00', 12)).toBe(new Date('2027-11-28T12:00:00').toDateString());
    expect(end('2026-01-31T12:00:00', 1)).toBe(new Date('2026-02-28T12:00:00').toDateString());
    expect(end('2026-11-30T12:00:00', 3)).toBe(new Date('2027-02-28T12:00:00').toDateString());
  });
});
