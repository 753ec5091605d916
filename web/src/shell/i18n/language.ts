import { browserStorage } from '@/shell/api/local-storage';
import { createStore, useStore } from '@/shell/api/store';

export type Language = 'de' | 'en';

export const LANGUAGES: Record<Language, string> = { de: 'Deutsch', en: 'English' };

const isLanguage = (value: unknown): value is Language => value === 'de' || value === 'en';

function first(): Language {
  const chosen = browserStorage.read('language');
  if (isLanguage(chosen)) return chosen;
  return navigator.language.toLowerCase().startsWith('de') ? 'de' : 'en';
}

const store = createStore<Language>(first());

/** Updates `<html lang>` for screen readers and hyphenation. */
function show(): void {
  document.documentElement.lang = store.get();
}
store.subscribe(show);
show();

export const language = {
  current: store.get,
  subscribe: store.subscribe,
  /** Stores the language that a person chose. */
  choose(chosen: Language): void {
    browserStorage.write('language', chosen);
    store.set(chosen);
  },
  /** Applies the member's language unless one was chosen in this browser. */
  propose(locale: string | undefined): void {
    if (!isLanguage(browserStorage.read('language')) && isLanguage(locale)) store.set(locale);
  },
};

export function useLanguage(): Language {
  return useStore(store);
}
