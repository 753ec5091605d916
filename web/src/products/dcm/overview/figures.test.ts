import { describe, expect, it } from 'vitest';
import { type Month, costByMonth, decisionsByTime, lastMonths, openByAge, outcomesByMonth } from './figures';

const NOW = new Date('2026-02-15T12:00:00Z');

const month = (name: string, other: object = {}) => ({ month: name, ...other }) as unknown as Month;

describe('the months of the charts', () => {
  it('are the last twelve, over the turn of the year', () => {
    const months = lastMonths(NOW);
    expect([months.length, months[0], months.at(-2), months.at(-1)]).toEqual([
      12,
      '2025-03',
      '2026-01',
      '2026-02',
    ]);
  });
});

describe('outcomes by month', () => {
  it('have a zero where nothing was decided, and leave earlier months out', () => {
    const rows = [month('2026-01', { approved: 3, rejected: 1 }), month('2024-01', { approved: 9 })];
    const outcomes = outcomesByMonth(rows, NOW);
    expect(outcomes.at(-2)).toEqual({
      month: '2026-01',
      counts: { approved: 3, auto_approved: 0, rejected: 1, expired: 0, withdrawn: 0 },
    });
    expect(outcomes.reduce((sum, { counts }) => sum + counts.approved, 0)).toBe(3);
  });
});

describe('decisions by time', () => {
  it('add up the months that are shown', () => {
    const rows = [
      month('2026-01', { decided_within: [1, 0, 2] }),
      month('2026-02', { decided_within: [0, 4, 1] }),
      month('2024-01', { decided_within: [9, 9, 9] }),
    ];
    expect(decisionsByTime(rows, NOW)).toEqual([1, 4, 3]);
    expect(decisionsByTime([], NOW)).toEqual([]);
  });
});

describe('cost by month', () => {
  it('is the sum of all changes until the end of the month, by currency', () => {
    const rows = [
      month('2024-05', { cost_change: { EUR: 10_000 } }),
      month('2026-01', { cost_change: { EUR: 5_000, CHF: 700 } }),
      month('2026-02', { cost_change: { EUR: -12_000 } }),
    ];
    const costs = costByMonth(rows, NOW);
    expect([...costs.keys()]).toEqual(['CHF', 'EUR']);
    expect(
      costs
        .get('EUR')!
        .slice(-3)
        .map(({ cents }) => cents),
    ).toEqual([10_000, 15_000, 3_000]);
    expect(
      costs
        .get('CHF')!
        .slice(-3)
        .map(({ cents }) => cents),
    ).toEqual([0, 700, 700]);
  });
});

describe('open requests by age', () => {
  it('are counted in classes, the oldest last', () => {
    const ago = (days: number) => new Date(NOW.getTime() - days * 86_400_000).toISOString();
    expect(openByAge([ago(0.5), ago(2), ago(2.5), ago(6), ago(20), ago(31), ago(400)], NOW)).toEqual([
      1, 2, 1, 1, 2,
    ]);
  });
});
