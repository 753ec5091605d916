import { expect, it } from 'vitest';
import { initials } from './face';

it.each([
  ['Lena Hoffmann', 'LH'],
  ['Karl-Heinz von Öhm', 'KÖ'],
  ['plato', 'P'],
  ['Nora (extern)', 'NE'],
  ['', ''],
])('%s has the initials %s', (name, letters) => {
  expect(initials(name)).toBe(letters);
});
