import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogClose, DialogContent } from '@/shell/ui/dialog';
import { ProblemAlert } from '../page/problem-alert';

/** Failure of a command whose row may be gone. `onRetry` also closes the dialog. */
export function FailedDialog(props: {
  title: string;
  cause: unknown;
  close: () => void;
  onRetry: () => void;
}) {
  const t = useShellText();
  return (
    <Dialog open onOpenChange={open => !open && props.close()}>
      <DialogContent title={props.title} closeLabel={t.close}>
        <ProblemAlert cause={props.cause} />
        <DialogActions>
          <DialogClose asChild>
            <Button>{t.close}</Button>
          </DialogClose>
          <Button look="primary" onClick={props.onRetry}>
            {t.retry}
          </Button>
        </DialogActions>
      </DialogContent>
    </Dialog>
  );
}
