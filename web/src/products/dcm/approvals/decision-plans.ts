import { useMemo } from 'react';
import { useRequestPlans } from '../requests/request-plans';
import type { ActionPlans } from '../row-actions';

/** To decide is to say yes or no; what else can be done with a request is on its own page. */
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
