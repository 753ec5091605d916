import { useCallback, useEffect, useLayoutEffect, useRef } from 'react';

/** Milliseconds in which a second click may have been meant for the previous layout. */
export const SETTLING = 600;

/**
 * Handler for `onClickCapture` of an element whose buttons change or move: ignores clicks shortly
 * after a change of `layout`, because they were aimed at another button.
 */
export function useSettledClicks(layout: string): (event: React.MouseEvent) => void {
  const changed = useRef(-SETTLING);
  const last = useRef(layout);
  useLayoutEffect(() => {
    if (last.current === layout) return;
    last.current = layout;
    changed.current = performance.now();
  }, [layout]);
  return useCallback(event => {
    if (performance.now() - changed.current >= SETTLING) return;
    event.preventDefault();
    event.stopPropagation();
  }, []);
}

const TARGETS = 'a, button, input, label, select, textarea, summary, [role=menuitem]';

/** Target of a click: a label stands for its field. */
function meant(target: EventTarget | null): Element | null {
  const found = target instanceof Element ? target.closest(TARGETS) : null;
  return found instanceof HTMLLabelElement ? (found.control ?? found) : found;
}

/** Ignores the second click of a double click if it meets another button than the first. */
export function useOneTargetPerDoubleClick(): void {
  useEffect(() => {
    let first: Element | null = null;
    const check = (event: MouseEvent) => {
      const target = meant(event.target);
      if (event.detail > 1 && target && target !== first) {
        event.preventDefault();
        event.stopPropagation();
      } else {
        first = target;
      }
    };
    document.addEventListener('click', check, { capture: true });
    return () => document.removeEventListener('click', check, { capture: true });
  }, []);
}
