import { expect, it } from 'vitest';
import { keyOf } from './group-key';

it('a key is suggested from the letters and digits of the name', () => {
  expect(keyOf('Finance')).toBe('finance');
  expect(keyOf('  Größe & Übersicht (EU) ')).toBe('groesse-uebersicht-eu');
  expect(keyOf('Équipe café 2')).toBe('equipe-cafe-2');
  expect(keyOf('財務')).toBe('');
  expect(keyOf('a'.repeat(39) + ' b')).toBe('a'.repeat(39));
});
