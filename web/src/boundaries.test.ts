import { expect, it } from 'vitest';
import { products } from './products';

const sources = import.meta.glob<string>('./shell/**/*.{ts,tsx,css}', {
  eager: true,
  query: '?raw',
  import: 'default',
});

/** oxlint keeps products out of the shell's imports; this keeps them out of everything else there, texts and tests included. */
it('the shell names no product', () => {
  expect(Object.keys(sources).length).toBeGreaterThan(100);
  const names = products.flatMap(({ id, text }) => [id, text.en.name, text.en.longName]);
  const named = new RegExp(`\\b(?:${names.join('|')})\\b`, 'iu');
  const lines = Object.entries(sources).flatMap(([path, source]) =>
    source.split('\n').flatMap((line, at) => (named.test(line) ? [`${path}:${at + 1} ${line.trim()}`] : [])),
  );
  expect(lines).toEqual([]);
});
