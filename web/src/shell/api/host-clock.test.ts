import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createFormat } from '@/shell/i18n/format';
import { hostNow, noteHostTime } from './host-clock';

const NOON = Date.UTC(2026, 10, 28, 12, 0, 0);
const HOST = new Date(NOON).toUTCString();
const en = createFormat('en');

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  noteHostTime(new Date().toUTCString(), Date.now(), Date.now());
  vi.useRealTimers();
});

it.each([
  ['20 minutes fast', 20],
  ['an hour slow', -60],
])('an age is reckoned with the host’s clock where this computer’s is %s', (_, wrong) => {
  vi.setSystemTime(NOON + wrong * 60_000);
  noteHostTime(HOST, Date.now() - 100, Date.now());
  expect(en.ago(new Date(NOON - 5 * 60_000))).toBe('5 minutes ago');
});

it.each([
  ['as long as the answer took', HOST, 3_000],
  ['a second', new Date(NOON + 1_000).toUTCString(), 0],
  ['unknown', 'no date', 0],
  ['not said', null, 0],
])('a difference that is %s is none', (_, date, took) => {
  vi.setSystemTime(NOON + took);
  noteHostTime(date, NOON, NOON + took);
  expect(hostNow().getTime()).toBe(Date.now());
});
