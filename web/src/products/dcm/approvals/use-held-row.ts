import { useState } from 'react';
import { type ApprovalRow, approvalOf, decisionsOf } from '../stages/approval';

interface HeldRow<R> {
  shown: R;
  /** Whether decisions, stages or questions of the row have changed since. */
  isNewer: boolean;
  /** Shows the present row. */
  update: () => void;
}

/**
 * Row as it was when `held` began, since later decisions, stages and questions would make its
 * card higher.
 */
export function useHeldRow<R extends ApprovalRow & { thread: unknown }>(row: R, held: boolean): HeldRow<R> {
  const [shown, setShown] = useState(row);
  const isNewer = stateOf(shown) !== stateOf(row);
  // During rendering, so that the former state is never drawn when nothing holds it.
  if (shown !== row && !(held && isNewer)) setShown(row);
  return { shown: held && isNewer ? shown : row, isNewer: held && isNewer, update: () => setShown(row) };
}

const stateOf = (row: ApprovalRow & { thread: unknown }) =>
  JSON.stringify([row.status, approvalOf(row), decisionsOf(row), row.thread]);
