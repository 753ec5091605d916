import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  defaultParseSearch,
} from '@tanstack/react-router';
import { describe, expect, it } from 'vitest';
import { oneOf, search, words } from './search';

const read = search<{ q: string; status: 'open' | 'failed' }>({ q: words, status: oneOf('open', 'failed') });

describe('state in the address', () => {
  it('is read', () => {
    expect(read({ q: 'web', status: 'open' })).toEqual({ q: 'web', status: 'open' });
  });

  it('is text, also if it looks like a number', () => {
    for (const typed of ['10', 'true', '0', '007', 'web 1'])
      expect(read(defaultParseSearch(`?q=${encodeURIComponent(typed)}`))).toEqual({ q: typed });
  });

  it('is dropped if it is invalid, so that the page still opens', () => {
    expect(read({ q: '  ', status: 'nonsense', other: '1' })).toEqual({});
    expect(read({ q: ['a'], status: {} })).toEqual({});
  });

  it('is dropped by the router as well, which keeps unknown parameters', async () => {
    const root = createRootRoute();
    const list = createRoute({ getParentRoute: () => root, path: '/orders', validateSearch: read });
    const history = createMemoryHistory({ initialEntries: ['/orders?q=web&status=bogus'] });
    const router = createRouter({ routeTree: root.addChildren([list]), history });
    await router.load();
    expect(router.state.matches.at(-1)?.search).toEqual({ q: 'web' });
  });
});
