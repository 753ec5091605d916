import { expect, test } from 'vitest';
import { ACTS, FOUND, isPreselected, score } from './score';
import { holds, peopleIn, wordsOf } from './words';

test('words are what the host reads: no capitals, one way to write an umlaut, at most eight', () => {
  expect(wordsOf('  Shop  WEB ')).toEqual(['shop', 'web']);
  expect(wordsOf('Bo\u0308hm')).toEqual(wordsOf('BÖHM'));
  expect(wordsOf('1 2 3 4 5 6 7 8 9')).toHaveLength(8);
  expect(wordsOf('x'.repeat(200))[0]).toHaveLength(100);
  expect(wordsOf('  ')).toEqual([]);
});

test('what was found by fewer letters is shown only while it holds all of them', () => {
  expect(holds(wordsOf('web shop'), ['shop-web-01', null])).toBe(true);
  expect(holds(wordsOf('web 02'), ['shop-web-01', '10.0.0.1'])).toBe(false);
});

test('a person is named once, and only when the words mean them', () => {
  const rows = [
    { requester_id: '1', requester_name: 'Lena Hoffmann' },
    { requester_id: '1', requester_name: 'Lena Hoffmann' },
    { requester_id: '2', requester_name: 'James Carter' },
    { requester_id: '3', requester_name: null },
  ];
  expect(peopleIn(rows, wordsOf('hoff lena'))).toEqual([{ id: '1', name: 'Lena Hoffmann' }]);
  expect(peopleIn(rows, [])).toEqual([]);
});

test('pages stand above what the host finds, that above what does something, and only what fits is there', () => {
  const thing = score(`${FOUND}vms/1`, 'shop');
  const page = score('/vms', 'vir', ['Virtual machines']);
  const act = score(`${ACTS}approve`, 'shop', ['Approve: shop-web-01']);
  expect(page).toBeGreaterThan(thing);
  expect(thing).toBeGreaterThan(act);
  expect(act).toBeGreaterThan(0);
  // Words, not letters that happen to follow one another.
  expect(score(`${ACTS}sign-out`, 'sit', ['Sign out'])).toBe(0);
  expect(score('/vms', 'lin', ['Virtual machines'])).toBe(0);
});

test('what does something is never preselected', () => {
  expect(isPreselected(`${ACTS}sign-out`)).toBe(false);
  expect(isPreselected(`${FOUND}${ACTS}approve`)).toBe(false);
  expect(isPreselected('/vms')).toBe(true);
  expect(isPreselected(`${FOUND}vms/1`)).toBe(true);
});
