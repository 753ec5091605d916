import { useState } from 'react';
import { endsSession } from '@/shell/api/problem';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogClose, DialogContent } from '@/shell/ui/dialog';
import { toast } from '@/shell/ui/toast';
import { type Invitation, useInvitationChanges } from './invitations';
import { text } from './text';

/** Withdraws an invitation after a confirmation that names the address. */
export function WithdrawInvitation({ invitation: { id, email } }: { invitation: Invitation }) {
  const { withdraw: t } = useText(text).invitations;
  const shell = useShellText();
  const { withdraw } = useInvitationChanges();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const run = async () => {
    setBusy(true);
    setRefused(null);
    try {
      await withdraw(id);
      setOpen(false);
      toast.success(t.done(email));
    } catch (cause) {
      if (!endsSession(cause)) setRefused(cause);
    } finally {
      setBusy(false);
    }
  };
  const ask = (next: boolean) => {
    if (busy) return;
    setRefused(null);
    setOpen(next);
  };
  return (
    <>
      <Button size="small" aria-label={t.of(email)} onClick={() => ask(true)}>
        {t.action}
      </Button>
      <Dialog open={open} onOpenChange={ask}>
        <DialogContent title={t.title(email)} lead={t.lead} closeLabel={shell.close}>
          {refused ? <ProblemAlert cause={refused} /> : null}
          <DialogActions>
            <DialogClose asChild>
              <Button>{shell.cancel}</Button>
            </DialogClose>
            <Button look="destructive" busy={busy} onClick={() => void run()}>
              {t.confirm}
            </Button>
          </DialogActions>
        </DialogContent>
      </Dialog>
    </>
  );
}
