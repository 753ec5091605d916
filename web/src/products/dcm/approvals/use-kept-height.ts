import { type RefObject, useLayoutEffect, useRef } from 'react';

/** Element that does not become lower while `held`, when its buttons give way to one line. */
export function useKeptHeight(held: boolean): RefObject<HTMLElement | null> {
  const element = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const { current } = element;
    if (current) current.style.minHeight = held ? `${current.offsetHeight}px` : '';
  });
  return element;
}
