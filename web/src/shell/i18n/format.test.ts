import { act, renderHook } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { NOTHING, createFormat, useFormat } from './format';

const en = createFormat('en');
const de = createFormat('de');
const now = new Date(2026, 10, 25, 14, 30);
const earlier = (minutes: number) => new Date(now.getTime() - minutes * 60_000);

/** Time of day as the host writes it. */
const utc = (date: Date) => date.toISOString().slice(11, 16);

/** Replaces the special spaces of number formats by plain ones. */
const plain = (text: string) => text.replace(/\s/g, ' ');

describe('formats', () => {
  it('write money from cents as the language does', () => {
    expect(plain(en.money(123_456, 'EUR'))).toBe('€1,234.56');
    expect(plain(de.money(123_456, 'EUR'))).toBe('1.234,56 €');
  });

  it('write memory as vCenter counts it, and round nothing', () => {
    const shown = (megabytes: number) => [en.memory(megabytes), de.memory(megabytes)];
    expect(shown(4096)).toEqual(['4 GB', '4 GB']);
    expect(shown(1536)).toEqual(['1.5 GB', '1,5 GB']);
    expect(shown(1280)).toEqual(['1.25 GB', '1,25 GB']);
    expect(shown(512)).toEqual(['512 MB', '512 MB']);
    expect(shown(1540)).toEqual(['1,540 MB', '1.540 MB']);
    expect(en.memory(null)).toBe(NOTHING);
  });

  it('show the times of the host’s sentences in the reader’s zone', () => {
    const today = new Date(2026, 10, 25, 9, 5);
    const iso = today.toISOString().slice(0, 10);
    const german = iso.split('-').toReversed().join('.');
    expect(en.sentence(`Waits since ${iso} ${utc(today)} UTC.`, now)).toBe('Waits since 09:05.');
    expect(de.sentence(`Seit ${german} ${utc(today)} UTC offen.`, now)).toBe('Seit 09:05 offen.');
    const other = new Date(2026, 2, 1, 10, 42);
    const said = `Bis ${other.toISOString().slice(0, 10)} ${utc(other)} UTC.`;
    expect(en.sentence(said, now)).toBe(`Bis ${en.dateTime(other)}.`);
    expect(en.sentence('At 99.99.2026 10:00 UTC.', now)).toBe('At 99.99.2026 10:00 UTC.');
    expect(en.sentence('Nothing to see.', now)).toBe('Nothing to see.');
    expect(en.sentence(null, now)).toBeNull();
  });

  it('say the time alone for today, and the day for other days', () => {
    expect(en.since(earlier(30), now)).toBe('14:00');
    expect(en.since(earlier(3_000), now)).toContain('23 Nov 2026');
    expect(de.short(earlier(3_000), now)).toBe('23.11.2026');
  });

  it('say how long ago something was', () => {
    expect(en.ago(earlier(0), now)).toBe('this minute');
    expect(en.ago(earlier(47), now)).toBe('47 minutes ago');
    expect(de.ago(earlier(180), now)).toBe('vor 3 Stunden');
    expect(de.ago(earlier(1_500), now)).toBe('gestern');
  });

  it('name people who can each act', () => {
    expect(en.anyOf(['Ada', 'Bo', 'Cy'])).toBe('Ada, Bo or Cy');
    expect(de.anyOf(['Ada', 'Bo'])).toBe('Ada oder Bo');
  });

  it('leave a dash for what is not there', () => {
    for (const nothing of [
      en.money(null, 'EUR'),
      en.number(null),
      en.date(null),
      en.ago('no date'),
      en.since(''),
    ]) {
      expect(nothing).toBe(NOTHING);
    }
  });
});

it('lets an age advance on a page that stays open', () => {
  vi.useFakeTimers({ now });
  const { result, unmount } = renderHook(() => useFormat().ago(now));
  const before = result.current;
  act(() => void vi.advanceTimersByTime(2 * 60_000));
  expect(result.current).not.toBe(before);
  unmount();
  vi.useRealTimers();
});
