import { expect, it } from 'vitest';
import { products } from './products';

const sources = import.meta.glob<string>('./shell/**/*.{ts,tsx,css}', {
  eager: true,
  query: '?raw',
  import: 'default',
});

/**
 * oxlint forbids imports of products in the shell; this test also finds their names in texts and
 * tests.
 */
it('the shell names no product', () => {
  expect(Object.keys(sources).length).toBeGreaterThan(100);
  const names = products.flatMap(({ id, text }) => [id, text.en.name, text.en.longName]);
  const named = new RegExp(`\\b(?:${names.join('|')})\\b`, 'iu');
  const lines = Object.entries(sources).flatMap(([path, source]) =>
    source.split('\n').flatMap((line, at) => (named.test(line) ? [`${path}:${at + 1} ${line.trim()}`] : [])),
  );
  expect(lines).toEqual([]);
});
