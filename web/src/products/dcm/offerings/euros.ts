import type { Language } from '@/shell/i18n/language';

/** Limit of a number's exact integers. */
const MOST_DIGITS = 12;

/** Formats cents as `12,50`, with integers only, since floats such as 0.1 + 0.2 are inexact. */
export function writeEuros(cents: number, language: Language): string {
  const digits = String(Math.abs(cents)).padStart(3, '0');
  const sign = language === 'de' ? ',' : '.';
  const fraction = digits.slice(-2) === '00' ? '' : sign + digits.slice(-2);
  return (cents < 0 ? '-' : '') + digits.slice(0, -2) + fraction;
}

/**
 * Parses an amount to cents; `null` if it is not exact.
 *
 * Thousands separators must be the language's, since `1.234` would be ambiguous; one or two
 * decimals follow either decimal sign.
 */
export function readEuros(typed: string, language: Language): number | null {
  const text = typed.replaceAll(/[\s\u00a0\u202f€]/gu, '');
  const [group, decimal] = language === 'de' ? ['\\.', ','] : [',', '\\.'];
  const grouped = new RegExp(`^(-?)(\\d{1,3}(?:${group}\\d{3})+)(?:${decimal}(\\d{1,2}))?$`, 'u');
  const plain = /^(-?)(\d+)(?:[.,](\d{1,2}))?$/u;
  const match = plain.exec(text) ?? grouped.exec(text);
  if (!match) return null;
  const [, minus, euros = '', decimals = ''] = match;
  const digits = euros.replaceAll(/\D/gu, '') + decimals.padEnd(2, '0');
  if (digits.length > MOST_DIGITS) return null;
  const cents = Number(digits);
  return minus && cents > 0 ? -cents : cents;
}
