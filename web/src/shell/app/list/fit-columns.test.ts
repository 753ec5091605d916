import { describe, expect, test } from 'vitest';
import type { RowColumn } from './column';
import { fitColumns } from './fit-columns';

const column = (id: string, rest: Partial<RowColumn<object>> = {}): RowColumn<object> => ({
  id,
  header: id,
  cell: () => id,
  width: 10,
  least: 100,
  ...rest,
});
const nothing = new Map<string, number>();

describe('a table shows whole columns', () => {
  const columns = [
    column('name'),
    column('address', { whole: true }),
    column('model', { drop: 1 }),
    column('read', { drop: 2, sort: 'read_at' }),
  ];
  const shown = (room: number, found = nothing, sort?: string) => {
    const fitted = fitColumns(columns, room, found, sort);
    return fitted.columns.map(({ id }, place) => `${id} ${Math.round(fitted.widths[place] ?? 0)}`).join(', ');
  };

  test('all of them where there is room, in proportion', () => {
    expect(shown(800)).toBe('name 200, address 200, model 200, read 200');
  });

  test('the least important one goes first', () => {
    expect(shown(399)).toBe('name 133, address 133, model 133');
    expect(shown(299)).toBe('name 150, address 150');
  });

  test('what the list is sorted by stays longer', () => {
    expect(shown(399, nothing, '-read_at')).toBe('name 133, address 133, read 133');
  });

  test('what turned out to be wider gets its room before others are shared out', () => {
    const found = new Map([['address', 310]]);
    expect(shown(640, found)).toBe('name 110, address 310, model 110, read 110');
    expect(shown(600, found)).toBe('name 145, address 310, model 145');
  });

  test('columns that stay are never narrower than their least: the table is scrolled instead', () => {
    expect(shown(150)).toBe('name 100, address 100');
  });

  test('which ones were left out is known', () => {
    expect(fitColumns(columns, 250, nothing).dropped.map(({ id }) => id)).toEqual(['model', 'read']);
  });
});
