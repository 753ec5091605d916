import { useMemo } from 'react';
import type { ActionPlans } from '@/app/actions/action-plan';
import { useRequestPlans } from '@/features/requests/request-plans';

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
