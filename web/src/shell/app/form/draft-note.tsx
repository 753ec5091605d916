import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { Alert } from '@/shell/ui/alert';
import { Button } from '@/shell/ui/button';
import type { FormDraft } from './use-draft';

/** Notice that the form contains a restored draft and not the stored values. */
export function DraftNote({ draft }: { draft: FormDraft }) {
  const t = useShellText().draft;
  const format = useFormat();
  if (draft.restoredFrom === null) return null;
  return (
    <Alert
      tone={draft.overtaken ? 'wait' : 'idle'}
      role="status"
      title={t.restored(format.since(draft.restoredFrom))}
    >
      {draft.overtaken ? <p>{t.overtaken}</p> : null}
      <div>
        <Button size="small" onClick={draft.discard}>
          {t.discard}
        </Button>
      </div>
    </Alert>
  );
}

/** Notice as the first section of a form. */
export function DraftSection({ draft }: { draft: FormDraft }) {
  if (draft.restoredFrom === null) return null;
  return (
    <div className="p-5 pb-0 sm:p-6 sm:pb-0">
      <DraftNote draft={draft} />
    </div>
  );
}
