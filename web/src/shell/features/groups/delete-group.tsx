import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { endsSession } from '@/shell/api/problem';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogClose, DialogContent } from '@/shell/ui/dialog';
import { toast } from '@/shell/ui/toast';
import { type Group, useGroupChanges } from './groups';
import { text } from './text';

/** Deletes a group after a confirmation that says what rules of products do then. */
export function DeleteGroup({ group: { key, name, size } }: { group: Group }) {
  const t = useText(text).remove;
  const shell = useShellText();
  const format = useFormat();
  const navigate = useNavigate();
  const { remove } = useGroupChanges();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const run = async () => {
    setBusy(true);
    setRefused(null);
    try {
      // First the list, because the page of the deleted group is not found.
      await remove(key, () => navigate({ to: '/admin/groups' }));
      toast.success(t.done(name));
    } catch (cause) {
      if (!endsSession(cause)) setRefused(cause);
    } finally {
      setBusy(false);
    }
  };
  const sizes = size === 1 ? t.one : t.sizes(format.number(size));
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t.action}</Button>
      <Dialog open={open} onOpenChange={next => busy || setOpen(next)}>
        <DialogContent title={t.title(name)} lead={t.lead(sizes)} closeLabel={shell.close}>
          <p className="text-sm">{t.rules}</p>
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
