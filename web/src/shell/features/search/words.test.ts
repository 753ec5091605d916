import { expect, test } from 'vitest';
import { ACTS, FOUND, isPreselected, score } from './score';
import { holds, wordsOf } from './words';

test('words are split as by the host: lower case, normalised umlauts, at most eight', () => {
  expect(wordsOf('  Shop  WEB ')).toEqual(['shop', 'web']);
  expect(wordsOf('Bo\u0308hm')).toEqual(wordsOf('BÖHM'));
  expect(wordsOf('1 2 3 4 5 6 7 8 9')).toHaveLength(8);
  expect(wordsOf('x'.repeat(200))[0]).toHaveLength(100);
  expect(wordsOf('  ')).toEqual([]);
});

test('results of fewer letters are shown only while they match', () => {
  expect(holds(wordsOf('web shop'), ['shop-web-01', null])).toBe(true);
  expect(holds(wordsOf('web 02'), ['shop-web-01', '10.0.0.1'])).toBe(false);
});

test('pages rank above results, results above commands, and only matches are shown', () => {
  const thing = score(`${FOUND}bikes/1`, 'shop');
  const page = score('/bikes', 'mou', ['Mountain bikes']);
  const act = score(`${ACTS}confirm`, 'shop', ['Confirm: shop-web-01']);
  expect(page).toBeGreaterThan(thing);
  expect(thing).toBeGreaterThan(act);
  expect(act).toBeGreaterThan(0);
  // Whole words match, not letters in sequence.
  expect(score(`${ACTS}sign-out`, 'sit', ['Sign out'])).toBe(0);
  expect(score('/bikes', 'min', ['Mountain bikes'])).toBe(0);
});

test('commands are never preselected', () => {
  expect(isPreselected(`${ACTS}sign-out`)).toBe(false);
  expect(isPreselected(`${FOUND}${ACTS}confirm`)).toBe(false);
  expect(isPreselected('/bikes')).toBe(true);
  expect(isPreselected(`${FOUND}bikes/1`)).toBe(true);
});
