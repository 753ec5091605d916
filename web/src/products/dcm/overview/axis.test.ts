import { describe, expect, it } from 'vitest';
import { axisLines, labelEvery } from './axis';
import { text } from './text';

/** Distance of bars in px in a panel of this width, as `scaleBand` has it. */
const stepOf = (width: number, bars: number) => width / (bars + 0.25);

const PHONE = 316;

describe('the axis of a chart', () => {
  it.each(Object.entries(text))('has each class of times and ages, on a phone too, in %s', (_, words) => {
    for (const labels of [words.time.classes, words.age.days])
      expect(labelEvery(labels, stepOf(PHONE, labels.length))).toBe(1);
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
