import { describe, expect, it } from 'vitest';
import type { Step } from './audit-row';
import { place, span } from './waterfall-place';

const step = (at: string, ended_at: string | null): Step => ({
  kind: 'call',
  row: null,
  sentence: '',
  at,
  ended_at,
  outcome: 'ok',
  outcome_text: '',
  depth: 0,
});

describe('a waterfall', () => {
  it('places each step in the time of all, and none beyond its end', () => {
    const [first, second, third] = place([
      step('2026-03-01T10:00:00Z', null),
      step('2026-03-01T10:00:05Z', '2026-03-01T10:00:10Z'),
      step('2026-03-01T10:00:10Z', null),
    ]);
    expect(first).toMatchObject({ after: 0, lasted: null, left: 0, width: 0 });
    expect(second).toMatchObject({ after: 5_000, lasted: 5_000, left: 50, width: 50 });
    expect(third).toMatchObject({ after: 10_000, left: 100, width: 0 });
  });

  it('of one step alone has no length', () => {
    expect(place([step('2026-03-01T10:00:00Z', null)])[0]).toMatchObject({ after: 0, left: 0, width: 0 });
  });

  it('formats spans with two units', () => {
    const number = String;
    expect(span(90, number)).toBe('90 ms');
    expect(span(4_210, number)).toBe('4.2 s');
    expect(span(612_000, number)).toBe('10 min 12 s');
    expect(span(7_200_000, number)).toBe('2 h');
    expect(span(90_000_000, number)).toBe('1 d 1 h');
  });
});
