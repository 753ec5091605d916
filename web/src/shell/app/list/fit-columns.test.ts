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

  test('all of them if they fit, in proportion', () => {
    expect(shown(800)).toBe('name 200, address 200, model 200, read 200');
  });

  test('the least important one goes first', () => {
    expect(shown(399)).toBe('name 133, address 133, model 133');
    expect(shown(299)).toBe('name 150, address 150');
  });

  test('the sorted column is removed last', () => {
    expect(shown(399, nothing, '-read_at')).toBe('name 133, address 133, read 133');
  });

  test('measured widths are assigned before the rest is distributed', () => {
    const found = new Map([['address', 310]]);
    expect(shown(640, found)).toBe('name 110, address 310, model 110, read 110');
    expect(shown(600, found)).toBe('name 145, address 310, model 145');
  });

  test('columns are never narrower than their minimum: the table scrolls instead', () => {
    expect(shown(150)).toBe('name 100, address 100');
  });

  test('the removed columns are reported', () => {
    expect(fitColumns(columns, 250, nothing).dropped.map(({ id }) => id)).toEqual(['model', 'read']);
  });
});
