import { describe, expect, it } from 'vitest';
import { fromLocal, toLocal } from '@/shell/app/form/local-time';
import { csvAddress, isFiltered, isReversed, lately, readSearch, toQuery } from './audit-search';

const ANNA = '0198f0aa-1111-7222-8333-444455556666';

const ALL = {
  actor: ANNA,
  act: 'shop.order',
  object: 'order/',
  outcome: 'ok',
  trace: 'f'.repeat(32),
  from: '2026-03-01T00:00:00Z',
  to: '2026-04-01T00:00:00+02:00',
  source: 'log' as const,
  thing: 'blue-bike',
  person: ANNA,
};

describe('the filters of the audit', () => {
  it('survive the round trip through the address', () => {
    const address = new URLSearchParams(ALL).toString();
    expect(readSearch(Object.fromEntries(new URLSearchParams(address)))).toEqual(ALL);
  });

  it('drop invalid values, so that a mistyped link still opens', () => {
    const raw = {
      actor: 'anna',
      act: ' ',
      from: '2026-03-01',
      to: '2026-13-41T00:00:00Z',
      source: 'everything',
      other: 'x',
    };
    expect(readSearch(raw)).toEqual({});
  });

  it('are sent without blanks around them', () => {
    expect(toQuery({ act: ' shop. ', object: undefined })).toEqual({ act: 'shop.' });
    expect(isFiltered({ act: undefined })).toBe(false);
    expect(isFiltered({ source: 'call' })).toBe(true);
  });

  it('are the same for the file', () => {
    expect(csvAddress({}, 'UTC', 'de')).toBe('/api/host/audit.csv?dialect=excel&zone=UTC&language=de');
    const [path, query] = csvAddress({ ...ALL, act: ' a&b ' }, 'Europe/Berlin', 'en').split('?');
    expect(path).toBe('/api/host/audit.csv');
    expect(Object.fromEntries(new URLSearchParams(query))).toEqual({
      ...ALL,
      act: 'a&b',
      dialect: 'excel',
      zone: 'Europe/Berlin',
      language: 'en',
    });
  });
});

describe('a moment', () => {
  it('is typed in the reader’s zone and kept with its zone', () => {
    const kept = fromLocal('2026-03-01T10:42') ?? '';
    expect(Date.parse(kept)).toBe(new Date(2026, 2, 1, 10, 42).getTime());
    expect(kept).toMatch(/:42:00Z$/u);
    expect(toLocal(kept)).toBe('2026-03-01T10:42');
    expect(readSearch({ from: kept })).toEqual({ from: kept });
  });

  it('that is incomplete is undefined', () => {
    expect(fromLocal('')).toBeUndefined();
    expect(fromLocal('2026-')).toBeUndefined();
    expect(toLocal(undefined)).toBe('');
    expect(toLocal('yesterday')).toBe('');
  });
});

describe('the time of the audit', () => {
  it('is a span that ends now', () => {
    const now = new Date('2026-03-08T10:00:30Z');
    expect(lately('week', now)).toEqual({ from: '2026-03-01T10:00:00Z', to: undefined });
  });

  it('is reported if it ends before it begins', () => {
    const [earlier, later] = ['2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z'];
    expect(isReversed({ from: later, to: earlier })).toBe(true);
    expect(isReversed({ from: later, to: later })).toBe(true);
    expect(isReversed({ from: earlier, to: later })).toBe(false);
    expect(isReversed({ to: earlier })).toBe(false);
  });
});
