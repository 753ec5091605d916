import { useState } from 'react';
import { endsSession } from '@/shell/api/problem';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogClose, DialogContent } from '@/shell/ui/dialog';
import { toast } from '@/shell/ui/toast';
import { text } from './text';

/** Ends a deputyship before its time, after a confirmation. */
export function EndDeputy({ name, end }: { name: string; end: () => Promise<void> }) {
  const t = useText(text);
  const shell = useShellText();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const run = async () => {
    setBusy(true);
    setRefused(null);
    try {
      await end();
      toast.success(t.ended);
    } catch (cause) {
      if (!endsSession(cause)) setRefused(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        {t.end}
      </Button>
      <Dialog open={open} onOpenChange={next => busy || setOpen(next)}>
        <DialogContent title={t.endTitle(name)} lead={t.endLead(name)} closeLabel={shell.close}>
          {refused ? <ProblemAlert cause={refused} /> : null}
          <DialogActions>
            <DialogClose asChild>
              <Button>{shell.cancel}</Button>
            </DialogClose>
            <Button look="danger" busy={busy} onClick={() => void run()}>
              {t.end}
            </Button>
          </DialogActions>
        </DialogContent>
      </Dialog>
    </>
  );
}
