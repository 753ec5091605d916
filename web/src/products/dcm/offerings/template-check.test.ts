import { afterEach, expect, it, vi } from 'vitest';
import { checkTemplate } from './templates';

const answers = (body: unknown, status = 200) =>
  vi.stubGlobal('fetch', () =>
    Promise.resolve(
      new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } }),
    ),
  );
const EMPTY = { items: [], more: false, unreadable: 0, unknown: null, failure: null };
const told = (text: string) => ({ class: 'configuration', code: 'x', text, message: '' });

afterEach(() => vi.unstubAllGlobals());

it('a missing template is distinguished from a vCenter that does not answer', async () => {
  answers({ ...EMPTY, items: [{ value: 'T/a', name: 'a', facts: {}, description: '' }] });
  expect(await checkTemplate('T/a')).toEqual({ state: 'good' });
  answers({ ...EMPTY, unknown: told('It is not there.') });
  expect(await checkTemplate('T/a')).toEqual({ state: 'bad', sentence: 'It is not there.' });
  answers({ ...EMPTY, failure: told('vCenter is away.') });
  expect(await checkTemplate('T/a')).toEqual({ state: 'unchecked', sentence: 'vCenter is away.' });
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
  expect(await checkTemplate('T/a')).toEqual({ state: 'unchecked', sentence: null });
});
