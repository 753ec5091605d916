import { useMemo } from 'react';
import { useRequestPlans } from '../requests/request-plans';
import type { ActionPlans } from '../row-actions';

/** Plans of the decisions alone; the page of the request offers other commands. */
export function useDecisionPlans(): ActionPlans {
  const plans = useRequestPlans();
  return useMemo(() => {
    const { 'approve-request': approve, 'reject-request': reject } = plans;
    return {
      ...(approve ? { 'approve-request': approve } : {}),
      ...(reject ? { 'reject-request': reject } : {}),
    };
  }, [plans]);
}
