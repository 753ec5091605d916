import { useLocation } from '@tanstack/react-router';
import { type ComponentType, useEffect } from 'react';
import { useCommand } from '@/shell/api/commands';
import { endsSession } from '@/shell/api/problem';
import { toast } from '@/shell/ui/toast';
import type { ActionDialogProps } from './action-plan';
import {
  type DelayedAction,
  changeDelayed,
  clearGiven,
  hurryDelayed,
  isShown,
  takeBack,
  useAllDelayed,
} from './delayed-store';
import { FailedDialog } from './failed-dialog';
import { openDialog } from './open-dialogs';

/**
 * Gives delayed commands when their time is over, outside of the rows, which may be gone by then.
 *
 * A person who leaves, hides or closes the page has not undone the command, so it is given at once.
 */
export function DelayedActions() {
  const path = useLocation({ select: location => location.pathname });
  useEffect(
    () => () => {
      hurryDelayed();
      clearGiven();
    },
    [path],
  );
  useEffect(() => {
    const hidden = () => {
      if (document.visibilityState === 'hidden') hurryDelayed();
    };
    document.addEventListener('visibilitychange', hidden);
    window.addEventListener('pagehide', hurryDelayed);
    return () => {
      document.removeEventListener('visibilitychange', hidden);
      window.removeEventListener('pagehide', hurryDelayed);
    };
  }, []);
  return useAllDelayed().map(one => <Delayed key={one.id} delayed={one} />);
}

function Delayed({ delayed }: { delayed: DelayedAction }) {
  const { id, product, action, state, due, done, name } = delayed;
  const { mutateAsync } = useCommand(product, action.command as never);
  useEffect(() => {
    if (state !== 'counting') return;
    const timer = setTimeout(() => changeDelayed(id, { state: 'due' }), due - performance.now());
    return () => clearTimeout(timer);
  }, [id, state, due]);
  useEffect(() => {
    if (state !== 'due') return;
    mutateAsync(action.body as never).then(
      () => {
        changeDelayed(id, { state: 'given' });
        toast.success(done(name));
      },
      (failed: unknown) => {
        changeDelayed(id, { state: { failed } });
        if (endsSession(failed)) return;
        const Reconsider = delayed.reconsider?.(failed);
        if (Reconsider) reconsider(delayed, Reconsider);
        else if (!isShown(id)) tellOf(delayed, failed);
      },
    );
    // Each run of the effect is an attempt, so only these dependencies may start one.
    // eslint-disable-next-line react/exhaustive-deps
  }, [id, state]);
  return null;
}

/** Asks the person again; their answer replaces the delayed command. */
function reconsider({ id, action, name }: DelayedAction, Reconsider: ComponentType<ActionDialogProps>): void {
  openDialog(({ close }) => {
    const leave = () => {
      takeBack(id);
      close();
    };
    return <Reconsider action={action} name={name} close={leave} />;
  });
}

/**
 * Reports a failure whose row is on no page any more: the person believes that the command took
 * effect.
 */
function tellOf({ id, action, name }: DelayedAction, cause: unknown): void {
  openDialog(({ close }) => {
    const leave = () => {
      takeBack(id);
      close();
    };
    // Retries the command that the dialog shows.
    const retry = () => {
      close();
      changeDelayed(id, { state: 'due' });
    };
    return <FailedDialog title={`${action.title}: ${name}`} cause={cause} close={leave} onRetry={retry} />;
  });
}
