import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { endsSession } from '@/shell/api/problem';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogClose, DialogContent } from '@/shell/ui/dialog';
import { toast } from '@/shell/ui/toast';
import type { ConnectionType } from './connection-types';
import { type Connection, useRemoveConnection } from './connections';
import { text } from './text';

interface RemoveConnectionProps {
  type: ConnectionType;
  connection: Connection;
}

/**
 * Deletes settings and password after confirmation. Runs that need the connection wait for a new
 * one.
 */
export function RemoveConnection({ type, connection }: RemoveConnectionProps) {
  const t = useText(text);
  const shell = useShellText();
  const navigate = useNavigate();
  const remove = useRemoveConnection(connection);
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const run = async () => {
    setBusy(true);
    setRefused(null);
    try {
      await remove();
      toast.success(t.remove.done(type.name));
      await navigate({ to: '/admin/connections' });
    } catch (cause) {
      if (!endsSession(cause)) setRefused(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t.remove.action}</Button>
      <Dialog open={open} onOpenChange={next => busy || setOpen(next)}>
        <DialogContent title={t.remove.title(type.name)} lead={type.removal} closeLabel={shell.close}>
          {refused ? <ProblemAlert cause={refused} /> : null}
          <DialogActions>
            <DialogClose asChild>
              <Button>{shell.cancel}</Button>
            </DialogClose>
            <Button look="danger" busy={busy} onClick={() => void run()}>
              {t.remove.action}
            </Button>
          </DialogActions>
        </DialogContent>
      </Dialog>
    </>
  );
}
