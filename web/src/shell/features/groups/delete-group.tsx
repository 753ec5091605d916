import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { ConfirmDialog } from '@/shell/app/actions/confirm-dialog';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { toast } from '@/shell/ui/toast';
import { type Group, useGroupChanges } from './groups';
import { text } from './text';

/** Deletes a group after a confirmation that says what rules of products do then. */
export function DeleteGroup({ group: { key, name, size } }: { group: Group }) {
  const t = useText(text).remove;
  const format = useFormat();
  const navigate = useNavigate();
  const { remove } = useGroupChanges();
  const [asking, setAsking] = useState(false);
  const run = async () => {
    // First the list, because the page of the deleted group is not found.
    await remove(key, () => navigate({ to: '/admin/groups' }));
    toast.success(t.done(name));
  };
  const sizes = size === 1 ? t.one : t.sizes(format.number(size));
  return (
    <>
      <Button onClick={() => setAsking(true)}>{t.action}</Button>
      {asking ? (
        <ConfirmDialog
          title={t.title(name)}
          lead={t.lead(sizes)}
          confirmLabel={t.confirm}
          run={run}
          close={() => setAsking(false)}
        >
          <p className="text-sm">{t.rules}</p>
        </ConfirmDialog>
      ) : null}
    </>
  );
}
