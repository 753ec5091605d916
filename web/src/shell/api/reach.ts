import { createStore, useStore } from './store';

/** Whether the host answers. Every call updates the value; the shell shows it and keeps trying. */
export const reach = createStore<'answers' | 'silent'>('answers');

export function useReach(): 'answers' | 'silent' {
  return useStore(reach);
}
