import { useState } from 'react';
import { endsSession } from '@/shell/api/problem';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogClose, DialogContent } from '@/shell/ui/dialog';
import { toast } from '@/shell/ui/toast';
import { type Member, useMemberChanges } from './members';
import { OpenItems } from './open-items';
import { text } from './text';

/** Removes a member after a confirmation that names the person and the consequences. */
export function RemoveMember({ member: { actor, name } }: { member: Member }) {
  const t = useText(text).remove;
  const shell = useShellText();
  const { remove } = useMemberChanges(actor);
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const run = async () => {
    setBusy(true);
    setRefused(null);
    try {
      await remove();
      setOpen(false);
      toast.success(t.done(name));
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
      <Button onClick={() => ask(true)}>{t.action}</Button>
      <Dialog open={open} onOpenChange={ask}>
        <DialogContent title={t.title(name)} lead={t.lead(name)} closeLabel={shell.close}>
          <p className="text-sm">{t.ends}</p>
          <p className="text-sm">{t.stays}</p>
          {open ? <OpenItems actor={actor} name={name} /> : null}
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
