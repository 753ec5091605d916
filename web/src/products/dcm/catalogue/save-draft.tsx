import { CHANGED_MEANWHILE } from '@/shell/api/basis';
import { isProblem } from '@/shell/api/problem';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { Button } from '@/shell/ui/button';
import { text } from './text';
import type { DraftSaving } from './use-draft-saving';

/** Button that saves the form's values as a draft. */
export function SaveDraft({ saving: { save, busy }, disabled }: { saving: DraftSaving; disabled: boolean }) {
  return (
    <Button size="large" busy={busy} aria-disabled={disabled} onClick={save}>
      {useText(text).drafts.save}
    </Button>
  );
}

/** Reason why a draft was not saved. */
export function DraftAlert({ saving: { saveAsNew, refused } }: { saving: DraftSaving }) {
  const t = useText(text).drafts;
  if (!isProblem(refused, CHANGED_MEANWHILE)) return <ProblemAlert cause={refused} />;
  return (
    <Alert tone="bad" role="alert" title={t.overtaken}>
      <p>{t.overtakenLead}</p>
      <div>
        <Button size="small" onClick={saveAsNew}>
          {t.saveAsNew}
        </Button>
      </div>
    </Alert>
  );
}
