import { useRouter } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useCommand } from '@/shell/api/commands';
import { endsSession } from '@/shell/api/problem';
import type { Action, ProductId } from '@/shell/api/contract';
import { toast } from '@/shell/ui/toast';
import { asLink } from '../product';
import type { ActionPlan } from './action-plan';
import { delay } from './delayed-store';
import { FailedDialog } from './failed-dialog';
import { openDialog } from './open-dialogs';

/** Runs an action as its plan says: by dialog, on a page, delayed, or at once. */
export function useRunAction(product: ProductId, action: Action, plan: ActionPlan, name: string) {
  const { Dialog: Ask, page, delayed, done, reconsider } = plan;
  const router = useRouter({ warn: false });
  const { mutateAsync, isPending } = useCommand(product, action.command as never);
  const run = useMemo(() => {
    if (Ask) return () => openDialog(({ close }) => <Ask action={action} name={name} close={close} />);
    if (page) return () => void router.navigate(asLink(page(action)));
    if (delayed) return () => delay({ product, action, name, done, reconsider });
    const give = () => {
      // The promise instead of callbacks, because the row may have left its list before the answer.
      void mutateAsync(action.body as never).then(
        () => toast.success(done(name)),
        (cause: unknown) => {
          if (endsSession(cause)) return;
          const Reconsider = reconsider?.(cause);
          if (Reconsider) {
            openDialog(({ close }) => <Reconsider action={action} name={name} close={close} />);
            return;
          }
          openDialog(({ close }) => (
            <FailedDialog
              title={action.title}
              cause={cause}
              close={close}
              onRetry={() => {
                close();
                give();
              }}
            />
          ));
        },
      );
    };
    return give;
  }, [Ask, page, router, delayed, mutateAsync, product, action, done, reconsider, name]);
  return { run, isPending };
}
