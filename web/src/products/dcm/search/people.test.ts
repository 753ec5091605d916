import { expect, test } from 'vitest';
import { wordsOf } from '@/shell/features/search/words';
import { peopleIn } from './people';

test('a person is listed once, and only if the words match', () => {
  const rows = [
    { requester_id: '1', requester_name: 'Lena Hoffmann' },
    { requester_id: '1', requester_name: 'Lena Hoffmann' },
    { requester_id: '2', requester_name: 'James Carter' },
    { requester_id: '3', requester_name: null },
  ];
  expect(peopleIn(rows, wordsOf('hoff lena'))).toEqual([{ id: '1', name: 'Lena Hoffmann' }]);
  expect(peopleIn(rows, [])).toEqual([]);
});
