import { useLocation } from '@tanstack/react-router';
import { useEffect } from 'react';
import { toast } from 'sonner';
import { useCommand } from '@/shell/api/commands';
import { endsSession } from '@/shell/api/problem';
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
 * Gives what can be taken back no longer. Outside of the rows, which may be gone by then. Whoever leaves the page, hides
 * the tab or closes it has not taken it back, and may not find later that it was lost: then it takes effect at once.
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
        if (!isShown(id) && !endsSession(failed)) tellOf(delayed, failed);
      },
    );
    // A run of the effect is an attempt: nothing else may begin another one.
    // eslint-disable-next-line react/exhaustive-deps
  }, [id, state]);
  return null;
}

/** Its row is on no page any more, and whoever decided believes that it took effect. */
function tellOf({ id, action, name }: DelayedAction, cause: unknown): void {
  openDialog(({ close }) => {
    const leave = () => {
      takeBack(id);
      close();
    };
    // The one that is tried again is the one that is shown until then.
    const retry = () => {
      close();
      changeDelayed(id, { state: 'due' });
    };
    return <FailedDialog title={`${action.title}: ${name}`} cause={cause} close={leave} onRetry={retry} />;
  });
}
