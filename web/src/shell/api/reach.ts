import { createStore, useStore } from './store';

/** Whether the host answers at all. Every call tells; the shell shows it and keeps trying. */
export const reach = createStore<'answers' | 'silent'>('answers');

export function useReach(): 'answers' | 'silent' {
  return useStore(reach);
}
