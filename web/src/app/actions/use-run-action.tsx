import { useMemo } from 'react';
import { toast } from 'sonner';
import { type CommandBody, type CommandName, useCommand } from '@/api/commands';
import { endsSession } from '@/api/problem';
import type { Action } from '@/api/rows';
import { useShellText } from '@/i18n/shell-text';
import { Button } from '@/ui/button';
import { Dialog, DialogActions, DialogClose, DialogContent } from '@/ui/dialog';
import { ProblemAlert } from '../page/problem-alert';
import type { ActionPlan } from './action-plan';
import { delay } from './delayed-store';
import { openDialog } from './open-dialogs';

/** Gives the command of an action in the way its plan says: asks before, waits, or does it at once. */
export function useRunAction(action: Action, plan: ActionPlan, name: string) {
  const { Dialog: Ask, delayed, done } = plan;
  const { mutateAsync, isPending } = useCommand(action.command as CommandName);
  const run = useMemo(() => {
    if (Ask) return () => openDialog(({ close }) => <Ask action={action} name={name} close={close} />);
    if (delayed) return () => delay({ action, name, done });
    const give = () => {
      // A promise, not the mutation's callbacks: the row may be gone from its list before the answer is there.
      void mutateAsync(action.body as CommandBody<CommandName>).then(
        () => toast.success(done(name)),
        (cause: unknown) => {
          if (endsSession(cause)) return;
          openDialog(({ close }) => (
            <FailedDialog title={action.title} cause={cause} close={close} onRetry={give} />
          ));
        },
      );
    };
    return give;
  }, [Ask, delayed, mutateAsync, action, done, name]);
  return { run, isPending };
}

function FailedDialog(props: { title: string; cause: unknown; close: () => void; onRetry: () => void }) {
  const t = useShellText();
  return (
    <Dialog open onOpenChange={open => !open && props.close()}>
      <DialogContent title={props.title} closeLabel={t.close}>
        <ProblemAlert cause={props.cause} />
        <DialogActions>
          <DialogClose asChild>
            <Button>{t.close}</Button>
          </DialogClose>
          <Button
            look="primary"
            onClick={() => {
              props.close();
              props.onRetry();
            }}
          >
            {t.retry}
          </Button>
        </DialogActions>
      </DialogContent>
    </Dialog>
  );
}
