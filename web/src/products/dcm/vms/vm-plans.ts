import { useMemo } from 'react';
import { useText } from '@/shell/i18n/use-text';
import type { ActionPlans } from '../row-actions';
import { ConfirmGoneDialog } from './confirm-gone-dialog';
import { DecommissionDialog } from './decommission-dialog';
import { text } from './text';

/** Plans for commands on VMs. */
export function useVmPlans(): ActionPlans {
  const t = useText(text);
  return useMemo(
    () => ({
      'refresh-vm': { look: 'secondary', done: t.refresh.done },
      'confirm-gone': { look: 'danger', done: t.gone.done, Dialog: ConfirmGoneDialog },
      'decommission-vm': { look: 'danger', done: t.decommission.done, Dialog: DecommissionDialog },
    }),
    [t],
  );
}
