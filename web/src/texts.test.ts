import { describe, expect, it } from 'vitest';
import { de } from './shell/i18n/de';
import { en } from './shell/i18n/en';

interface Pair {
  en: object;
  de: object;
}

const modules = import.meta.glob<Record<string, unknown>>('./{shell,products}/**/*text.ts', {
  eager: true,
});

const isPair = (value: unknown): value is Pair =>
  typeof value === 'object' && value !== null && 'en' in value && 'de' in value;

const pairs: [string, Pair][] = [
  ['shell', { en, de }],
  ...Object.entries(modules).flatMap(([path, module]): [string, Pair][] =>
    Object.values(module)
      .filter(isPair)
      .map(pair => [path, pair]),
  ),
];

/** Paths with their texts; functions are called with sample values. */
function flat(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function')
    return [[`${path}()`, String((value as (...gaps: string[]) => string)('·1', '·2'))]];
  return Object.entries(value as object).flatMap(([name, inner]) => flat(inner, `${path}/${name}`));
}

describe.each(pairs)('%s', (_path, pair) => {
  it('has the same keys in both languages', () => {
    expect(flat(pair.de).map(([path]) => path)).toEqual(flat(pair.en).map(([path]) => path));
  });

  it('has no empty texts, and uses its parameters', () => {
    const german = new Map(flat(pair.de));
    for (const [path, english] of flat(pair.en)) {
      const translated = german.get(path) ?? '';
      expect(english.trim(), path).not.toBe('');
      expect(translated.trim(), path).not.toBe('');
      for (const gap of ['·1', '·2'])
        expect(translated.includes(gap), `${path} and ${gap}`).toBe(english.includes(gap));
    }
  });
});

it('finds the texts of the features', () => {
  expect(pairs.length).toBeGreaterThan(5);
});
