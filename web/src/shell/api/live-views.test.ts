import { QueryClient } from '@tanstack/react-query';
import { describe, expect, it } from 'vitest';
import { invalidateChanged, invalidateViews } from './live-views';
import { SHOP } from './product-testing';
import { rowKey, rowsKey } from './rows';

function filled() {
  const client = new QueryClient();
  const keys = {
    list: [...rowsKey(SHOP, 'orders'), { status: 'failed' }],
    changed: rowKey(SHOP, 'orders', 'r1'),
    other: rowKey(SHOP, 'orders', 'r2'),
    bikes: rowsKey(SHOP, 'bikes'),
    host: ['host', 'connections'],
  };
  for (const key of Object.values(keys)) client.setQueryData(key, {});
  const stale = () =>
    Object.entries(keys).flatMap(([name, key]) => (client.getQueryState(key)?.isInvalidated ? [name] : []));
  return { client, stale };
}

describe('a change invalidates', () => {
  it('the lists of its view and its own row alone', () => {
    const { client, stale } = filled();
    invalidateChanged(client, [{ plugin: 'shop', view: 'orders', key: 'r1' }]);
    expect(stale()).toEqual(['list', 'changed']);
  });

  it('the whole view when changes may have been missed', () => {
    const { client, stale } = filled();
    invalidateViews(client, ['shop/orders']);
    expect(stale()).toEqual(['list', 'changed', 'other']);
  });
});
