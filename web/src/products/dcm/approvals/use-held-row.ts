import { useState } from 'react';
import { threadOf } from '../questions/thread';
import { type ApprovalRow, approvalOf, decisionsOf } from '../stages/approval';

interface HeldRow<R> {
  shown: R;
  /** Whether decisions, stages or questions of the row have changed since. */
  isNewer: boolean;
  /** Shows the present row. */
  update: () => void;
}

type Held = ApprovalRow & { thread: unknown };

/**
 * Row as it was when `held` began, since later decisions, stages and questions would make its card
 * higher. A question of the reader's own, `actor`, is shown at once.
 */
export function useHeldRow<R extends Held>(row: R, held: boolean, actor: string): HeldRow<R> {
  const [shown, setShown] = useState(row);
  const isNewer = held && stateOf(shown) !== stateOf(row) && !asked(actor, shown, row);
  // During rendering, so that the former state is never drawn when nothing holds it.
  if (shown !== row && !isNewer) setShown(row);
  return { shown: isNewer ? shown : row, isNewer, update: () => setShown(row) };
}

const stateOf = (row: Held) => JSON.stringify([row.status, approvalOf(row), decisionsOf(row), threadOf(row)]);

/** Whether the newest entry of the thread is the reader's own, and not shown yet. */
function asked(actor: string, shown: Held, row: Held): boolean {
  const [before, now] = [threadOf(shown), threadOf(row)];
  return now.length > before.length && now.at(-1)?.by_id === actor;
}
