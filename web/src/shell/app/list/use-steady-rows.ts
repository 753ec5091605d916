import { useCallback, useEffect, useRef, useState } from 'react';
import { useSettledClicks } from '../actions/ignore-clicks';
import { useOpenDialogs } from '../actions/open-dialogs';
import { type Steady, steady } from './steady';

/**
 * Milliseconds after a touch or pointer left, in which a click may follow or the pointer return.
 */
const RELEASE = 2_000;

export interface SteadyRows<R> extends Steady<R> {
  /** Whether the rows must not move now. */
  held: boolean;
  /** Shows the new rows. */
  update: () => void;
  /** Properties of the element around the rows. */
  place: {
    onPointerEnter: () => void;
    onPointerMove: () => void;
    onPointerLeave: () => void;
    onFocus: (event: React.FocusEvent) => void;
    onBlur: () => void;
    onClickCapture: (event: React.MouseEvent) => void;
  };
}

interface Shown<R> {
  scope: string;
  rows: readonly R[];
  /** Number of times that rows were moved. */
  moves: number;
}

/**
 * Rows of a live list that do not move under a resting pointer, during keyboard navigation, or
 * while a dialog about a row is open. `scope` identifies filters and order: a change replaces all
 * rows.
 */
export function useSteadyRows<R>(
  live: readonly R[],
  rowId: (row: R) => string,
  scope: string,
): SteadyRows<R> {
  const [watched, place] = useWatched();
  const held = useOpenDialogs().length > 0 || watched;
  const [shown, setShown] = useState<Shown<R>>({ scope, rows: live, moves: 0 });
  const next: Steady<R> =
    held && shown.scope === scope
      ? steady(shown.rows, live, rowId)
      : { rows: [...live], fresh: 0, gone: NONE };
  const { rows } = next;
  const isSame = rows.length === shown.rows.length && rows.every((row, index) => row === shown.rows[index]);
  // During rendering, because the next comparison needs the rows on the screen.
  if (!isSame || shown.scope !== scope) {
    const isMoved = shown.rows.some((row, index) => !rows[index] || rowId(rows[index]) !== rowId(row));
    setShown({ scope, rows, moves: shown.moves + (isMoved ? 1 : 0) });
  }
  const onClickCapture = useSettledClicks(String(shown.moves));
  const update = useCallback(() => setShown(last => ({ ...last, scope: UPDATED })), []);
  return { ...next, held, update, place: { ...place, onClickCapture } };
}

const NONE: ReadonlySet<string> = new Set();
/** Scope that no address can have. */
const UPDATED = '\n';

/** Whether a pointer is over the element or the keyboard's focus is in it. */
function useWatched() {
  const [watched, setWatched] = useState(false);
  const by = useRef({ pointer: false, keyboard: false });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = useCallback((change: Partial<typeof by.current>) => {
    by.current = { ...by.current, ...change };
    clearTimeout(timer.current);
    if (by.current.pointer || by.current.keyboard) setWatched(true);
    else timer.current = setTimeout(() => setWatched(false), RELEASE);
  }, []);
  const place = {
    onPointerEnter: () => change({ pointer: true }),
    // The page may have scrolled under the pointer.
    onPointerMove: () => {
      if (!by.current.pointer) change({ pointer: true });
    },
    onPointerLeave: () => change({ pointer: false }),
    // A clicked button keeps the focus after the pointer has left.
    onFocus: (event: React.FocusEvent) => change({ keyboard: event.target.matches(':focus-visible') }),
    onBlur: () => change({ keyboard: false }),
  };
  return [watched, place] as const;
}
