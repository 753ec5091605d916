import { createStore } from '@/shell/api/store';

/** Whether the command palette is open. */
export const paletteOpen = createStore(false);

/** Text in the palette's field. */
export const paletteText = createStore('');
