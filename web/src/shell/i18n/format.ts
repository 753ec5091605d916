import { useSyncExternalStore } from 'react';
import { hostNow } from '@/shell/api/host-clock';
import { createStore } from '@/shell/api/store';
import { type Language, useLanguage } from './language';

const LOCALE: Record<Language, string> = { de: 'de-DE', en: 'en-GB' };
/** Placeholder for a missing value. */
export const NOTHING = '–';

/** Time in the host's texts (eaf-host/capability/src/text/format.rs), which are in UTC. */
const HOST_INSTANT = /(?:(\d{2})\.(\d{2})\.(\d{4})|(\d{4}-\d{2}-\d{2})) (\d{2}:\d{2}) UTC/gu;

const MINUTE = 60_000;

type Instant = string | Date | null | undefined;

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

function at(instant: Instant): Date | null {
  if (!instant) return null;
  const date = new Date(instant);
  return Number.isNaN(date.getTime()) ? null : date;
}

function text(instant: Instant, write: (date: Date) => string): string {
  const date = at(instant);
  return date ? write(date) : NOTHING;
}

const sameDay = (a: Date, b: Date) => a.toDateString() === b.toDateString();

export function createFormat(language: Language) {
  const locale = LOCALE[language];
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  const minute = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
  const second = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
  const both = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
  const zoned = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'long' });
  const ago = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const number = new Intl.NumberFormat(locale);
  const unit = (unit: 'hour' | 'minute') =>
    new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' });
  const [hours, minutes] = [unit('hour'), unit('minute')];
  const or = new Intl.ListFormat(locale, { type: 'disjunction' });
  const and = new Intl.ListFormat(locale, { type: 'conjunction' });
  return {
    date: (instant: Instant) => text(instant, day.format),
    time: (instant: Instant) => text(instant, second.format),
    dateTime: (instant: Instant) => text(instant, both.format),
    exact: (instant: Instant) => text(instant, exact.format),
    /**
     * Time with zone, since colleagues may be elsewhere and desktops in a data centre are in UTC.
     */
    zoned: (instant: Instant) => text(instant, zoned.format),
    /** `10:42` today, else with the date. */
    since: (instant: Instant, now = hostNow()) =>
      text(instant, date => (sameDay(date, now) ? minute : both).format(date)),
    /** `10:42` today, else the date alone: for lists. */
    short: (instant: Instant, now = hostNow()) =>
      text(instant, date => (sameDay(date, now) ? minute : day).format(date)),
    /** `3 hours ago` */
    ago: (instant: Instant, now = hostNow()) =>
      text(instant, date => {
        const seconds = (date.getTime() - now.getTime()) / 1000;
        const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['minute', 60];
        return ago.format(Math.trunc(seconds / length), unit);
      }),
    /** Replaces UTC times in the host's sentences by times in the reader's zone. */
    sentence: (said: string | null | undefined, now = hostNow()) =>
      said?.replace(HOST_INSTANT, (whole, ...parts: (string | undefined)[]) => {
        const [day, month, year, isoDay, time] = parts;
        const date = at(`${isoDay ?? `${year}-${month}-${day}`}T${time}:00Z`);
        if (!date) return whole;
        return (sameDay(date, now) ? minute : both).format(date);
      }) ?? null,
    /** Duration in milliseconds as `3 hours and 5 minutes`; a started minute counts. */
    duration: (millis: number) => {
      const all = Math.ceil(millis / MINUTE);
      const [whole, rest] = [Math.floor(all / 60), all % 60];
      const parts = [
        whole > 0 ? hours.format(whole) : '',
        rest > 0 || whole === 0 ? minutes.format(rest) : '',
      ];
      return and.format(parts.filter(Boolean));
    },
    number: (value: number | null | undefined) => (value == null ? NOTHING : number.format(value)),
    /** Formats MB, the unit of vCenter: `1.5 GB`, `512 MB`, `1,540 MB`. GB only if exact. */
    memory: (megabytes: number | null | undefined) => {
      if (megabytes == null) return NOTHING;
      const whole = megabytes >= 1024 && megabytes % 256 === 0;
      return whole ? `${number.format(megabytes / 1024)} GB` : `${number.format(megabytes)} MB`;
    },
    money: (cents: number | null | undefined, currency: string | null | undefined) =>
      cents == null
        ? NOTHING
        : new Intl.NumberFormat(locale, { style: 'currency', currency: currency || 'EUR' }).format(
            cents / 100,
          ),
    anyOf: (names: string[]) => or.format(names),
    allOf: (names: string[]) => and.format(names),
  };
}

/** Converts the GB that people type to vCenter's MB. */
export function inMegabytes(gigabytes: number | null | undefined): number | null {
  return gigabytes == null ? null : gigabytes * 1024;
}

/** Time zone of all times on a page, such as `Europe/Berlin`. */
export const zoneName = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

export type Format = ReturnType<typeof createFormat>;

const FORMATS: Record<Language, Format> = { de: createFormat('de'), en: createFormat('en') };

const anew = (): Record<Language, Format> => ({ de: { ...FORMATS.de }, en: { ...FORMATS.en } });
const current = createStore(FORMATS);
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** Subscribes to formats that are renewed every minute, so that ages are rendered again. */
function watch(listener: () => void): () => void {
  const end = current.subscribe(listener);
  watchers += 1;
  if (watchers === 1) timer = setInterval(() => current.set(anew()), MINUTE);
  return () => {
    end();
    watchers -= 1;
    if (watchers === 0) clearInterval(timer);
  };
}

export function useFormat(): Format {
  return useSyncExternalStore(watch, current.get)[useLanguage()];
}
