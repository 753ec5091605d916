import { useState } from 'react';
import { ConfirmDialog } from '@/shell/app/actions/confirm-dialog';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { toast } from '@/shell/ui/toast';
import { type Invitation, useInvitationChanges } from './invitations';
import { text } from './text';

/** Withdraws an invitation after a confirmation that names the address. */
export function WithdrawInvitation({ invitation: { id, email } }: { invitation: Invitation }) {
  const { withdraw: t } = useText(text).invitations;
  const { withdraw } = useInvitationChanges();
  const [asking, setAsking] = useState(false);
  const run = async () => {
    await withdraw(id);
    toast.success(t.done(email));
  };
  return (
    <>
      <Button size="small" aria-label={t.of(email)} onClick={() => setAsking(true)}>
        {t.action}
      </Button>
      {asking ? (
        <ConfirmDialog
          title={t.title(email)}
          lead={t.lead}
          confirmLabel={t.confirm}
          run={run}
          close={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}
