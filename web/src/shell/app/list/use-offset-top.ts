import { type RefObject, useLayoutEffect, useState } from 'react';

/**
 * Distance of an element from the top of the document, measured again when the page changes its
 * height.
 */
export function useOffsetTop(element: RefObject<HTMLElement | null>, again: unknown): number {
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => {
    const measure = () => {
      if (element.current)
        setOffset(Math.round(element.current.getBoundingClientRect().top + window.scrollY));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [element, again]);
  return offset;
}
