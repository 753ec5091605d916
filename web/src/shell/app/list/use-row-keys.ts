import { useEffect } from 'react';
import { ROW, targetOf } from './use-list-keys';

/**
 * Keys that press a button of the row in which the focus is. `buttons` are selectors by key; define
 * them outside of the component. A key without such a button does nothing, nor does one that is
 * held down, which would press the next button too.
 */
export function useRowKeys(
  list: React.RefObject<HTMLElement | null>,
  buttons: Readonly<Record<string, string>>,
): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const selector = event.repeat ? undefined : buttons[event.key];
      const row = targetOf(event)?.closest<HTMLElement>(ROW);
      if (!selector || !row || !list.current?.contains(row)) return;
      const button = row.querySelector<HTMLElement>(selector);
      if (!button) return;
      event.preventDefault();
      button.click();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [list, buttons]);
}
