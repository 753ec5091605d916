import { useEffect } from 'react';
import { createStore, useStore } from '@/shell/api/store';

export interface PageCommand {
  label: string;
  run: () => void;
}

const store = createStore<PageCommand[][]>([]);

/**
 * Registers commands of a page in the command palette while the page is shown. Memoise `commands`.
 */
export function usePageCommands(commands: PageCommand[]): void {
  useEffect(() => {
    store.set([...store.get(), commands]);
    return () => store.set(store.get().filter(one => one !== commands));
  }, [commands]);
}

export function useAllPageCommands(): PageCommand[] {
  return useStore(store).flat();
}
