import type { Language } from '@/shell/i18n/language';

/** More would not fit into what a number holds exactly. */
const MOST_DIGITS = 12;

/** `12,50` as people write it. Integers all the way: 0.1 + 0.2 has no place in a price. */
export function writeEuros(cents: number, language: Language): string {
  const digits = String(Math.abs(cents)).padStart(3, '0');
  const sign = language === 'de' ? ',' : '.';
  const fraction = digits.slice(-2) === '00' ? '' : sign + digits.slice(-2);
  return (cents < 0 ? '-' : '') + digits.slice(0, -2) + fraction;
}

/**
 * Exactly the cents that were typed, or null. Groups of three only as the language writes them, since `1.234` could
 * otherwise be read in two ways; one or two decimals behind either sign.
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
