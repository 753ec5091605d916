import { useCallback, useEffect, useRef, useState } from 'react';
import { useSettledClicks } from '../actions/ignore-clicks';
import { useOpenDialogs } from '../actions/open-dialogs';
import { type Steady, steady } from './steady';

/** Behind a finger that was lifted comes its click, and a pointer that slipped out comes back. */
const RELEASE = 2_000;

export interface SteadyRows<R> extends Steady<R> {
  /** Shows what is new. */
  update: () => void;
  /** For the element around the rows. */
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
  /** How often rows came away from their places. */
  moves: number;
}

/**
 * The rows of a list that lives, without one moving under a pointer that rests on it, or while somebody goes through it
 * with the keyboard or answers a dialog about one of them. `scope` is what a person chose to see: with another one all
 * is new.
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
  // While rendering: what is shown is what the next look is compared with.
  if (!isSame || shown.scope !== scope) {
    const isMoved = shown.rows.some((row, index) => !rows[index] || rowId(rows[index]) !== rowId(row));
    setShown({ scope, rows, moves: shown.moves + (isMoved ? 1 : 0) });
  }
  const onClickCapture = useSettledClicks(String(shown.moves));
  const update = useCallback(() => setShown(last => ({ ...last, scope: UPDATED })), []);
  return { ...next, update, place: { ...place, onClickCapture } };
}

const NONE: ReadonlySet<string> = new Set();
/** No address has it. */
const UPDATED = '\n';

/** Whether a pointer is on the place, or the focus of a keyboard in it. */
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
    // The page may have come to the pointer.
    onPointerMove: () => {
      if (!by.current.pointer) change({ pointer: true });
    },
    onPointerLeave: () => change({ pointer: false }),
    // A button that was clicked has the focus too, long after the pointer has gone.
    onFocus: (event: React.FocusEvent) => change({ keyboard: event.target.matches(':focus-visible') }),
    onBlur: () => change({ keyboard: false }),
  };
  return [watched, place] as const;
}
