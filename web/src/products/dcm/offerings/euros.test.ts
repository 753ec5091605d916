import { describe, expect, it } from 'vitest';
import { readEuros, writeEuros } from './euros';

describe('euros', () => {
  it.each([
    ['12', 1200],
    ['12,5', 1250],
    ['12,50', 1250],
    ['12.50', 1250],
    ['0,07', 7],
    [' 1.234,56 € ', 123_456],
    ['1234,56', 123_456],
    ['1 234,56', 123_456],
    ['-3', -300],
    ['0', 0],
    // A float would give 1998.9999999999998.
    ['19,99', 1999],
  ])('reads %s in German', (typed, cents) => expect(readEuros(typed, 'de')).toBe(cents));

  it.each([
    ['1,234.56', 123_456],
    ['1,234', 123_400],
    ['1234.5', 123_450],
    ['12,5', 1250],
  ])('reads %s in English', (typed, cents) => expect(readEuros(typed, 'en')).toBe(cents));

  it('reads a group of three as the language writes it', () => {
    expect(readEuros('1.234', 'de')).toBe(123_400);
    expect(readEuros('1.234', 'en')).toBeNull();
    expect(readEuros('1,234', 'de')).toBeNull();
  });

  it.each(['', ' ', 'abc', '1,2,3', '1.2.3', '12,345', '1.23,4', '12,', ',5', '1e3', '9999999999999', '--1'])(
    'does not guess at “%s”',
    typed => expect(readEuros(typed, 'de')).toBeNull(),
  );

  it('writes what it reads', () => {
    for (const cents of [0, 1, 10, 99, 100, 1999, 2000, 123_456, 10_000_000, -5]) {
      expect(readEuros(writeEuros(cents, 'de'), 'de')).toBe(cents);
      expect(readEuros(writeEuros(cents, 'en'), 'en')).toBe(cents);
    }
    expect(writeEuros(1250, 'de')).toBe('12,50');
    expect(writeEuros(1250, 'en')).toBe('12.50');
    expect(writeEuros(1200, 'de')).toBe('12');
    expect(writeEuros(7, 'en')).toBe('0.07');
  });
});
