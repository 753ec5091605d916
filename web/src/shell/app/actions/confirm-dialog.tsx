import { type ReactNode, useState } from 'react';
import { endsSession } from '@/shell/api/problem';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogContent } from '@/shell/ui/dialog';
import { ProblemAlert } from '../page/problem-alert';

interface ConfirmDialogProps {
  title: string;
  lead: ReactNode;
  /** Label of the button that confirms. */
  confirmLabel: string;
  /** Does what was confirmed; its refusal is shown, and the dialog stays open. */
  run: () => Promise<void>;
  close: () => void;
  /** Further consequences. */
  children?: ReactNode;
}

/** Confirmation of an act that takes something away, other than a product's command. */
export function ConfirmDialog({ title, lead, confirmLabel, run, close, children }: ConfirmDialogProps) {
  const t = useShellText();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const confirm = async () => {
    setBusy(true);
    setRefused(null);
    try {
      await run();
      close();
    } catch (cause) {
      if (!endsSession(cause)) setRefused(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog open onOpenChange={open => open || busy || close()}>
      <DialogContent title={title} lead={lead} closeLabel={t.close}>
        {children}
        {refused ? <ProblemAlert cause={refused} /> : null}
        <DialogActions>
          <Button aria-disabled={busy} onClick={close}>
            {t.cancel}
          </Button>
          <Button look="destructive" busy={busy} onClick={() => void confirm()}>
            {confirmLabel}
          </Button>
        </DialogActions>
      </DialogContent>
    </Dialog>
  );
}
