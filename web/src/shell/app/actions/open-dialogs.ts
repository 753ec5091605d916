import { createStore, useStore } from '@/shell/api/store';
import type { ComponentType } from 'react';

interface OpenDialog {
  id: number;
  Dialog: ComponentType<{ close: () => void }>;
}

const store = createStore<OpenDialog[]>([]);
let last = 0;

/** Opens a dialog that stays if its row leaves the page. Further dialogs wait. */
export function openDialog(Dialog: OpenDialog['Dialog']): void {
  last += 1;
  store.set([...store.get(), { id: last, Dialog }]);
}

export function closeDialog(id: number): void {
  store.set(store.get().filter(one => one.id !== id));
}

export function closeAllDialogs(): void {
  store.set([]);
}

export function useOpenDialogs(): OpenDialog[] {
  return useStore(store);
}
