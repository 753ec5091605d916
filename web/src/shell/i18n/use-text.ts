import { useLanguage } from './language';

/**
 * Texts in both languages, in a file `text.ts` beside their component: `const en = {…}; const de:
 * typeof en = {…}; export const text = { en, de };`.
 *
 * The type requires the same keys; a test finds gaps that types do not.
 */
export interface Texts<T> {
  en: T;
  de: T;
}

export function useText<T>(texts: Texts<T>): T {
  return texts[useLanguage()];
}
