import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { Alert } from '@/shell/ui/alert';
import { Button } from '@/shell/ui/button';
import type { UnsentInput } from './use-unsent-input';

/** Notice that the form contains restored input and not the stored values. */
export function UnsentNote({ unsent }: { unsent: UnsentInput }) {
  const t = useShellText().unsent;
  const format = useFormat();
  if (unsent.restoredFrom === null) return null;
  return (
    <Alert
      tone={unsent.overtaken ? 'wait' : 'idle'}
      role="status"
      title={t.restored(format.since(unsent.restoredFrom))}
    >
      {unsent.overtaken ? <p>{t.overtaken}</p> : null}
      <div>
        <Button size="small" onClick={unsent.discard}>
          {t.discard}
        </Button>
      </div>
    </Alert>
  );
}

/** Notice as the first section of a form. */
export function UnsentSection({ unsent }: { unsent: UnsentInput }) {
  if (unsent.restoredFrom === null) return null;
  return (
    <div className="p-5 pb-0 sm:p-6 sm:pb-0">
      <UnsentNote unsent={unsent} />
    </div>
  );
}
