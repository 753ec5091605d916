import { useState } from 'react';
import { endsSession } from '@/shell/api/problem';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogContent } from '@/shell/ui/dialog';
import { text } from './text';

interface WithdrawDialogProps {
  /** Capability and name of the grant. */
  of: string;
  send: () => Promise<void>;
  close: () => void;
}

/** Confirmation before a grant is withdrawn, since calls in progress fail. */
export function WithdrawDialog({ of, send, close }: WithdrawDialogProps) {
  const { products: t } = useText(text);
  const shell = useShellText();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const run = async () => {
    setBusy(true);
    setRefused(null);
    try {
      await send();
      close();
    } catch (cause) {
      if (!endsSession(cause)) setRefused(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog open onOpenChange={open => open || busy || close()}>
      <DialogContent title={t.withdrawTitle(of)} lead={t.withdrawLead} closeLabel={shell.close}>
        {refused ? <ProblemAlert cause={refused} /> : null}
        <DialogActions>
          <Button onClick={close}>{shell.cancel}</Button>
          <Button look="danger" busy={busy} onClick={() => void run()}>
            {t.withdraw}
          </Button>
        </DialogActions>
      </DialogContent>
    </Dialog>
  );
}
