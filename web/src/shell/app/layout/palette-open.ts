import { createStore } from '@/shell/api/store';

/** Whether the command palette is open: keys, buttons and what is chosen in it change that. */
export const paletteOpen = createStore(false);

/** What is typed into it, from the first letter on. */
export const paletteText = createStore('');
