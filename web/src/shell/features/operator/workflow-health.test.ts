import { describe, expect, it } from 'vitest';
import { conditionOf, healthOf } from './workflow-health';

describe('the health of workflows', () => {
  it('has one line per package, the worst first', () => {
    const lines = healthOf([
      { plugin: 'shop', state: 'done', runs: 40, overdue: 0 },
      { plugin: 'shop', state: 'open', runs: 3, overdue: 0 },
      { plugin: 'guestbook', state: 'open', runs: 2, overdue: 1 },
    ]);
    expect(lines).toEqual([
      { plugin: 'guestbook', open: 2, done: 0, failed: 0, stopped: 0, overdue: 1 },
      { plugin: 'shop', open: 3, done: 40, failed: 0, stopped: 0, overdue: 0 },
    ]);
    expect(lines.map(conditionOf)).toEqual(['overdue', 'good']);
  });

  it('counts stopped runs, and not failed ones, which are reported otherwise', () => {
    const calm = { plugin: 'shop', open: 0, done: 1, failed: 2, stopped: 0, overdue: 0 };
    expect(conditionOf(calm)).toBe('good');
    expect(conditionOf({ ...calm, stopped: 1 })).toBe('stopped');
  });

  it('is empty without runs', () => expect(healthOf([])).toEqual([]));
});
