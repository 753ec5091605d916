import type { Language } from '@/shell/i18n/language';
import type { Names } from './document';

/** Name of a stage or rule in the language of the page; without a name its number. */
export function shownName(
  names: Names,
  index: number,
  language: Language,
  unnamed: (number: string) => string,
): string {
  return names[language].trim() || unnamed(String(index + 1));
}
