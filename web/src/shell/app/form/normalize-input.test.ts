import { expect, it } from 'vitest';
import { VSPHERE } from '@/shell/features/connections/connection-testing';
import { toBody, toValues } from '@/shell/features/connections/connection-values';
import { words } from '../search';
import { normalizeInput } from './normalize-input';
import { readWholeNumber } from './whole-number';

it('pasted text is reduced to its visible characters', () => {
  for (const pasted of [' web-01 ', 'web-01\u{200b}', '\u{feff}web-01\u{a0}', 'we\u{ad}b-01', 'web-01\r\n'])
    expect(normalizeInput(pasted)).toBe('web-01');
  expect(normalizeInput('Linux\u{a0}Small')).toBe('Linux Small');
  expect(words('web\u{200b}-01 ')).toBe('web-01');
});

it('a password is sent unchanged', () => {
  const values = toValues(VSPHERE, null);
  values.config['url'] = 'https://vcenter\u{200b}.example.com ';
  values.secret.password = ' pass\u{200b}word ';
  expect(toBody(VSPHERE, values, null)).toMatchObject({
    config: { url: 'https://vcenter.example.com' },
    secret: { password: ' pass\u{200b}word ' },
  });
});

it('a number is parsed exactly, or null', () => {
  expect(['4', ' 16 ', '-5', '\u{200b}8'].map(readWholeNumber)).toEqual([4, 16, -5, 8]);
  for (const typed of ['', '1,5', '2.5', '1e3', '+5', '0x10', '4 8', 'four', '1234567890'])
    expect(readWholeNumber(typed), typed).toBeNull();
});
