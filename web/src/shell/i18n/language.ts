import { kept } from '@/shell/api/kept';
import { createStore, useStore } from '@/shell/api/store';

export type Language = 'de' | 'en';

export const LANGUAGES: Record<Language, string> = { de: 'Deutsch', en: 'English' };

const isLanguage = (value: unknown): value is Language => value === 'de' || value === 'en';

function first(): Language {
  const chosen = kept.read('language');
  if (isLanguage(chosen)) return chosen;
  return navigator.language.toLowerCase().startsWith('de') ? 'de' : 'en';
}

const store = createStore<Language>(first());

/** Keeps `<html lang>` in step, which screen readers and hyphenation go by. */
function show(): void {
  document.documentElement.lang = store.get();
}
store.subscribe(show);
show();

export const language = {
  current: store.get,
  subscribe: store.subscribe,
  /** A person chose it. */
  choose(chosen: Language): void {
    kept.write('language', chosen);
    store.set(chosen);
  },
  /** The member's own language counts where nobody chose one in this browser. */
  propose(locale: string | undefined): void {
    if (!isLanguage(kept.read('language')) && isLanguage(locale)) store.set(locale);
  },
};

export function useLanguage(): Language {
  return useStore(store);
}
