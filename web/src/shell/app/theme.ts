import { browserStorage } from '@/shell/api/local-storage';
import { createStore, useStore } from '@/shell/api/store';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const first = THEMES.find(theme => theme === browserStorage.read('theme')) ?? 'system';
const store = createStore<Theme>(first);

/** Stores the theme, which `public/first-paint.js` applies before the first paint. */
export function chooseTheme(theme: Theme): void {
  browserStorage.write('theme', theme === 'system' ? null : theme);
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  store.set(theme);
}

export function useTheme(): Theme {
  return useStore(store);
}
