import { describe, expect, it } from 'vitest';
import { axisLines, labelEvery, monthOnAxis } from './axis';
import { lastMonths } from './figures';
import { text } from './text';

/** Distance of bars in px in a panel of this width, as `scaleBand` has it. */
const stepOf = (width: number, bars: number) => width / (bars + 0.25);

const PHONE = 316;

const monthLabels = (locale: string, now: string) =>
  lastMonths(new Date(now)).map((month, index) => monthOnAxis(locale, month, index));

describe('the axis of a chart', () => {
  it.each(Object.entries(text))('has each class of times and ages, on a phone too, in %s', (_, words) => {
    for (const labels of [words.time.classes, words.age.days])
      expect(labelEvery(labels, stepOf(PHONE, labels.length))).toBe(1);
  });

  it.each(['de', 'en'])('has each of twelve months, on a phone too, in %s', locale => {
    for (const now of ['2026-12-15', '2026-01-15', '2026-11-15', '2026-09-15']) {
      const labels = monthLabels(locale, now);
      expect(new Set(labels).size).toBe(12);
      expect(labelEvery(labels, stepOf(PHONE, 12))).toBe(1);
    }
  });

  it('names the year below the first month and each January, and not below two in a row', () => {
    expect(monthLabels('de', '2026-02-15').join(', ')).toBe(
      'Mär 2025, Apr, Mai, Jun, Jul, Aug, Sep, Okt, Nov, Dez, Jan 2026, Feb',
    );
    expect(monthLabels('de', '2026-11-15').slice(0, 3)).toEqual(['Dez', 'Jan 2026', 'Feb']);
  });

  it('omits labels that would overlap', () => {
    expect(labelEvery(['Sept. 26', 'Okt. 26'], 25)).toBe(2);
    expect(labelEvery(['Sept. 26', 'Okt. 26'], 36)).toBe(1);
  });

  it('has the unit in a line of its own', () => {
    expect(axisLines('3 bis 7 Tage')).toEqual(['3 bis 7', 'Tage']);
    expect(axisLines('Nov')).toEqual(['Nov']);
  });
});
