import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback } from 'react';
import { ROW_HEIGHT } from './table-row';
import { useListKeys } from './use-list-keys';
import { useOffsetTop } from './use-offset-top';

interface DrawnRows {
  /** Indices in the list. */
  indices: number[];
  /** Heights in px of the rows before and after those that are drawn. */
  above: number;
  below: number;
  measure: (row: HTMLElement | null) => void;
}

interface Options {
  body: RefObject<HTMLTableSectionElement | null>;
  count: number;
  loading: boolean;
  /** Whether to draw also the rows off the screen. */
  drawAll: boolean;
}

/** Rows near the screen, which keys can leave for any other row of the list. */
export function useDrawnRows({ body, count, loading, drawAll }: Options): DrawnRows {
  const offset = useOffsetTop(body, loading);
  const virtualizer = useWindowVirtualizer({
    count,
    estimateSize: () => ROW_HEIGHT,
    overscan: drawAll ? count : 12,
    scrollMargin: offset,
  });
  const scrollTo = useCallback(
    (index: number) => virtualizer.scrollToIndex(index, { align: 'auto' }),
    [virtualizer],
  );
  useListKeys(body, { count, scrollTo });
  const drawn = virtualizer.getVirtualItems();
  return {
    indices: drawn.map(({ index }) => index),
    above: (drawn[0]?.start ?? offset) - offset,
    below: virtualizer.getTotalSize() - ((drawn.at(-1)?.end ?? offset) - offset),
    measure: virtualizer.measureElement,
  };
}
