import { useState } from 'react';
import { ConfirmDialog } from '@/shell/app/actions/confirm-dialog';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { toast } from '@/shell/ui/toast';
import { text } from './text';

/** Ends a deputyship before its time, after a confirmation. */
export function EndDeputy({ name, end }: { name: string; end: () => Promise<void> }) {
  const t = useText(text);
  const [asking, setAsking] = useState(false);
  const run = async () => {
    await end();
    toast.success(t.ended);
  };
  return (
    <>
      <Button size="small" onClick={() => setAsking(true)}>
        {t.end}
      </Button>
      {asking ? (
        <ConfirmDialog
          title={t.endTitle(name)}
          lead={t.endLead(name)}
          confirmLabel={t.end}
          run={run}
          close={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}
