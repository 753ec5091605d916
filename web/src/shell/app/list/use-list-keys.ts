import { useEffect } from 'react';

export const ROW = '[data-row-index]';

interface Options {
  count: number;
  /** Scrolls to a row that may not be rendered. */
  scrollTo: (index: number) => void;
}

/**
 * Keyboard navigation: j and k move between rows unless the focus is in an input, arrow keys do so
 * within the list. Enter opens the row, because the focus is on its link.
 */
export function useListKeys(list: React.RefObject<HTMLElement | null>, { count, scrollTo }: Options): void {
  useEffect(() => {
    const move = (event: KeyboardEvent) => {
      const step = stepOf(event, list.current);
      if (!step || !list.current || count === 0) return;
      event.preventDefault();
      const current = document.activeElement?.closest<HTMLElement>(ROW);
      const from = current && list.current.contains(current) ? Number(current.dataset['rowIndex']) : -1;
      const to = from < 0 ? 0 : Math.min(Math.max(from + step, 0), count - 1);
      scrollTo(to);
      focusWhenDrawn(list.current, to);
    };
    document.addEventListener('keydown', move);
    return () => document.removeEventListener('keydown', move);
  }, [list, count, scrollTo]);
}

function stepOf(event: KeyboardEvent, list: HTMLElement | null): number {
  const target = targetOf(event);
  if (!target) return 0;
  const within = list?.contains(target);
  if (event.key === 'j' || (within && event.key === 'ArrowDown')) return 1;
  if (event.key === 'k' || (within && event.key === 'ArrowUp')) return -1;
  return 0;
}

/**
 * Element to which a key belongs that is a command of the list; null if the key is input, such as
 * in a field or a menu, or has a modifier, as the keys of the shell do.
 */
export function targetOf(event: KeyboardEvent): HTMLElement | null {
  if (event.metaKey || event.ctrlKey || event.altKey) return null;
  const target = event.target instanceof HTMLElement ? event.target : document.body;
  return target.closest(INPUT) ? null : target;
}

const INPUT = 'input:not([type=checkbox]), textarea, select, [contenteditable], [role=dialog], [role=menu]';

function focusWhenDrawn(list: HTMLElement, index: number, tries = 20): void {
  const link = list.querySelector<HTMLElement>(`[data-row-index="${index}"] a`);
  if (link) link.focus();
  else if (tries > 0) requestAnimationFrame(() => focusWhenDrawn(list, index, tries - 1));
}
