import { expect, it } from 'vitest';
import { durationWords } from './duration-words';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

it.each([
  [0, '0 seconds'],
  [3, '0.1 seconds'],
  [1_240, '1.2 seconds'],
  [9_990, '10 seconds'],
  [40_400, '40 seconds'],
  [59_800, '1 minute'],
  [72 * SECOND, '1 minute and 12 seconds'],
  [59.9 * MINUTE, '59 minutes and 54 seconds'],
  [HOUR - 200, '1 hour'],
  [HOUR + 5 * SECOND, '1 hour'],
  [3 * HOUR + 5 * MINUTE, '3 hours and 5 minutes'],
  [DAY - 1, '1 day'],
  [2 * DAY + 3 * HOUR, '2 days and 3 hours'],
])('a duration of %s ms is %s', (millis, words) => {
  expect(durationWords(millis, 'en')).toBe(words);
});

it('is written in the language of the page', () => {
  expect(durationWords(2 * DAY + 3 * HOUR, 'de')).toBe('2 Tage und 3 Stunden');
  expect(durationWords(1_240, 'de')).toBe('1,2 Sekunden');
});
