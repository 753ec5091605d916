import { useMemo } from 'react';
import { useRequestPlans } from '../requests/request-plans';
import type { ActionPlans } from '../row-actions';

const DECISIONS = [
  'approve-request',
  'reject-request',
  'ask-back',
  'propose-changes',
  'pass-on-decision',
  'reassign-stage',
] as const;

/**
 * Plans of the decisions, their handover and questions about them; the page of the request offers
 * other commands.
 */
export function useDecisionPlans(awaited: string | null): ActionPlans {
  const plans = useRequestPlans(awaited);
  return useMemo(
    () => Object.fromEntries(DECISIONS.map(command => [command, plans[command]])) as ActionPlans,
    [plans],
  );
}
