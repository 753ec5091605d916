import { useLanguage } from './language';

/**
 * Texts live beside what shows them: `const en = {…}; const de: typeof en = {…}; export const text = { en, de };`
 * in a file `text.ts`. The type keeps the two in step; a test looks for gaps that types do not see.
 */
export interface Texts<T> {
  en: T;
  de: T;
}

export function useText<T>(texts: Texts<T>): T {
  return texts[useLanguage()];
}
