import type { Language } from '@/shell/i18n/language';

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** Milliseconds up to which a duration has tenths of a second. */
const SHORT = 10_000;
const TENTH = 100;

/**
 * Duration in its two largest units: `2 days and 3 hours`, `1 minute and 12 seconds`,
 * `0.4 seconds`.
 */
export function durationWords(millis: number, language: Language): string {
  const write = (value: number, unit: string) =>
    new Intl.NumberFormat(language, {
      style: 'unit',
      unit,
      unitDisplay: 'long',
      maximumFractionDigits: 1,
    }).format(value);
  if (millis < SHORT) return write(tenths(millis) / 10, 'second');
  // Rounded before the units are chosen, so that 59.9 minutes are an hour.
  const whole = roundTo(smallerUnit(millis), millis);
  const at = UNITS.findIndex(([, length]) => whole >= length);
  const parts = UNITS.slice(at, at + 2).map(([unit, length], index) => {
    const rest = index === 0 ? whole : whole % (UNITS[at]?.[1] ?? whole);
    return [Math.floor(rest / length), unit] as const;
  });
  const words = parts.filter(([value]) => value > 0).map(([value, unit]) => write(value, unit));
  return new Intl.ListFormat(language, { type: 'conjunction' }).format(words);
}

/** Anything that took time took at least one tenth. */
const tenths = (millis: number): number => (millis > 0 ? Math.max(Math.round(millis / TENTH), 1) : 0);

const roundTo = (unit: number, millis: number): number => Math.round(millis / unit) * unit;

function smallerUnit(millis: number): number {
  const at = UNITS.findIndex(([, length]) => millis >= length);
  return UNITS[at + 1]?.[1] ?? 1_000;
}
