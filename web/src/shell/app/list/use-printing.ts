import { useSyncExternalStore } from 'react';
import { flushSync } from 'react-dom';

let printing = false;

function subscribe(listener: () => void) {
  // What is printed is what stands when this event is over.
  const become = (state: boolean) => () => {
    printing = state;
    flushSync(listener);
  };
  const [before, after] = [become(true), become(false)];
  window.addEventListener('beforeprint', before);
  window.addEventListener('afterprint', after);
  return () => {
    window.removeEventListener('beforeprint', before);
    window.removeEventListener('afterprint', after);
  };
}

/** Whether the page is on its way to paper, where nobody can scroll. */
export function usePrinting(): boolean {
  return useSyncExternalStore(subscribe, () => printing);
}
