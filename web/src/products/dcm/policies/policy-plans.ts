import { useMemo } from 'react';
import { useText } from '@/shell/i18n/use-text';
import type { ActionPlans } from '../row-actions';
import { DiscardDialog } from './discard-dialog';
import { PublishDialog, RetireDialog } from './reason-dialog';
import { text } from './text';

/** Plans for commands on policies. */
export function usePolicyPlans(): ActionPlans {
  const t = useText(text);
  return useMemo(
    () => ({
      'publish-policy': { look: 'primary', done: t.publish.done, Dialog: PublishDialog },
      'discard-draft': { look: 'secondary', done: t.discarded, Dialog: DiscardDialog },
      'retire-policy': { look: 'danger', done: t.retire.done, Dialog: RetireDialog },
    }),
    [t],
  );
}
