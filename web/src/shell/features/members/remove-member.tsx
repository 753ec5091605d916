import { useState } from 'react';
import { ConfirmDialog } from '@/shell/app/actions/confirm-dialog';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { toast } from '@/shell/ui/toast';
import { type Member, useMemberChanges } from './members';
import { OpenItems } from './open-items';
import { text } from './text';

/** Removes a member after a confirmation that names the person and the consequences. */
export function RemoveMember({ member: { actor, name } }: { member: Member }) {
  const t = useText(text).remove;
  const { remove } = useMemberChanges(actor);
  const [asking, setAsking] = useState(false);
  const run = async () => {
    await remove();
    toast.success(t.done(name));
  };
  return (
    <>
      <Button onClick={() => setAsking(true)}>{t.action}</Button>
      {asking ? (
        <ConfirmDialog
          title={t.title(name)}
          lead={t.lead(name)}
          confirmLabel={t.confirm}
          run={run}
          close={() => setAsking(false)}
        >
          <p className="text-sm">{t.ends}</p>
          <p className="text-sm">{t.stays}</p>
          <OpenItems actor={actor} name={name} />
        </ConfirmDialog>
      ) : null}
    </>
  );
}
