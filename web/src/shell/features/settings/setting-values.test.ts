import { expect, it } from 'vitest';
import { SETTINGS } from './settings-testing';
import { toForm, toValues } from './setting-values';

const form = (values: Record<string, string | boolean>) => ({
  values: { ...toForm(SETTINGS).values, ...values },
});
const sent = (values: Record<string, string | boolean>) => toValues(SETTINGS.fields, form(values));

it('shows the present values as text, and a checkbox as a boolean', () => {
  expect(toForm(SETTINGS).values).toEqual({ months: '12', rate: '1.5', note: '', open: true, tone: 'warm' });
});

it('sends what differs from the defaults', () => {
  expect(sent({})).toEqual({ months: 12, tone: 'warm' });
  expect(sent({ months: '60', tone: 'plain', open: false })).toEqual({ open: false });
});

it('reads numbers with decimals in either language, and sends other texts to the host', () => {
  expect(sent({ months: ' 24\u200b', rate: '2,25' })).toEqual({ months: 24, rate: 2.25, tone: 'warm' });
  expect(sent({ months: '1e3', rate: 'much' })).toEqual({ months: '1e3', rate: 'much', tone: 'warm' });
  expect(sent({ months: '' })).toEqual({ months: '', tone: 'warm' });
});
