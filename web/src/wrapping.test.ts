import { expect, it } from 'vitest';

const sources = import.meta.glob<string>('./{shell,products}/**/*.tsx', {
  eager: true,
  query: '?raw',
  import: 'default',
});

/**
 * The page's own rule lets a long word break anywhere. `break-words` replaces it, and gives an item
 * of a flex row or grid the width of its longest word at least.
 */
it('no element is as wide as its longest word', () => {
  expect(Object.keys(sources).length).toBeGreaterThan(100);
  const found = Object.keys(sources).filter(path => /\b(?:wrap-)?break-words?\b/u.test(sources[path] ?? ''));
  expect(found).toEqual([]);
});
