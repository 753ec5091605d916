import { expect, it } from 'vitest';
import { MOST, noValues, shownOf, toBody, withEntry } from './reassign-values';

const NONE = noValues('costly.finance').actors;

it('a list has its entries from the first one, and one to fill up to the maximum', () => {
  const two = withEntry(withEntry(NONE, 0, 'a'), 1, 'b');
  expect(shownOf(NONE)).toEqual(['']);
  expect(shownOf(two)).toEqual(['a', 'b', '']);
  expect(shownOf(withEntry(two, 0, ''))).toEqual(['b', '']);
  const full = ['a', 'b', 'c', 'd', 'e'].reduce((list, one, index) => withEntry(list, index, one), NONE);
  expect(shownOf(full)).toHaveLength(MOST);
});

it('the command has the chosen stage and the filled entries, with the revision of the row', () => {
  const values = { ...noValues('first'), stage: 'second', actors: withEntry(NONE, 0, 'a'), reason: 'Ill.' };
  expect(toBody({ request: 'r1', revision: 2, stage: 'first' }, values)).toEqual({
    request: 'r1',
    revision: 2,
    stage: 'second',
    actors: ['a'],
    groups: [],
    reason: 'Ill.',
  });
});
