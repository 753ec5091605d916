import { useSyncExternalStore } from 'react';
import { flushSync } from 'react-dom';

let printing = false;

function subscribe(listener: () => void) {
  // Browsers print the document as it is after this event.
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

/** Whether the page is being printed, so that all rows must be rendered. */
export function usePrinting(): boolean {
  return useSyncExternalStore(subscribe, () => printing);
}
