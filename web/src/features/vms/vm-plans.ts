import { useMemo } from 'react';
import type { ActionPlans } from '@/app/actions/action-plan';
import { useText } from '@/i18n/use-text';
import { DecommissionDialog } from './decommission-dialog';
import { text } from './text';

/** What can be done with a machine. */
export function useVmPlans(): ActionPlans {
  const t = useText(text);
  return useMemo(
    () => ({
      'refresh-vm': { look: 'secondary', done: t.refresh.done },
      'decommission-vm': { look: 'danger', done: t.decommission.done, Dialog: DecommissionDialog },
    }),
    [t],
  );
}
