import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { ConfirmDialog } from '@/shell/app/actions/confirm-dialog';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
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
  const t = useText(text).remove;
  const navigate = useNavigate();
  const remove = useRemoveConnection(connection);
  const [asking, setAsking] = useState(false);
  const run = async () => {
    await remove();
    toast.success(t.done(type.name));
    await navigate({ to: '/admin/connections' });
  };
  return (
    <>
      <Button onClick={() => setAsking(true)}>{t.action}</Button>
      {asking ? (
        <ConfirmDialog
          title={t.title(type.name)}
          lead={type.removal}
          confirmLabel={t.action}
          run={run}
          close={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}
