import { Link, useNavigate } from '@tanstack/react-router';
import { useRef } from 'react';
import { useForm } from 'react-hook-form';
import { ChangedMeanwhile } from '@/shell/app/form/changed-meanwhile';
import { UnsentSection } from '@/shell/app/form/unsent-note';
import { ErrorSummary } from '@/shell/app/form/error-summary';
import { FormAlert } from '@/shell/app/form/form-alert';
import { normalizeInput } from '@/shell/app/form/normalize-input';
import { SubmitButton } from '@/shell/app/form/submit-button';
import { type Stored, useBasis } from '@/shell/app/form/use-basis';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { useUnsentInput } from '@/shell/app/form/use-unsent-input';
import type { Language } from '@/shell/i18n/language';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { Button } from '@/shell/ui/button';
import { toast } from '@/shell/ui/toast';
import { OFFERING_FIELDS, type OfferingDraft } from './offering-draft';
import { OfferingFields } from './offering-fields';
import { text } from './text';
import { useSaveOffering } from './use-save-offering';

interface OfferingFormProps {
  /** Stored offering, or the initial values of a new one. */
  stored: Stored<OfferingDraft>;
  /** Whether the offering exists, so that its key cannot change. */
  known: boolean;
  /** Reason why this person may not save. */
  refused: string | null;
  /** Language of amounts in this form; the page's own may change meanwhile. */
  language: Language;
}

export function OfferingForm({ stored, known, refused, language }: OfferingFormProps) {
  const t = useText(text);
  const shell = useShellText();
  const navigate = useNavigate();
  const form = useForm<OfferingDraft>({ defaultValues: stored.values, shouldFocusError: false });
  const { run, busy, alert, invalid, errorAt } = useSubmission(form, OFFERING_FIELDS);
  const unsent = useUnsentInput(form, { name: `offering/${stored.values.key}`, fields: OFFERING_FIELDS });
  const basis = useBasis(form, OFFERING_FIELDS, stored, unsent);
  const storedTemplate = known ? stored.values.template : null;
  const { save, unchecked } = useSaveOffering({ form, storedTemplate, basis, language });
  const panel = useRef<HTMLElement>(null);
  const isWarned = unchecked !== null && unchecked.template === normalizeInput(form.watch('template'));
  const labels = useLabels();

  const send = async (typed: OfferingDraft) => {
    const sent = JSON.stringify(typed);
    const saved = await save(typed);
    if (saved.state === 'conflicts') panel.current?.focus();
    if (saved.state === 'typed-meanwhile') toast.neutral(t.typedMeanwhile);
    if (saved.state !== 'saved') return;
    toast.success(t.saved(saved.name));
    if (JSON.stringify(form.getValues()) !== sent) return;
    unsent.forget();
    await navigate({ to: '/admin/offerings' });
  };
  return (
    <form
      noValidate
      onSubmit={event => void run(event, send)}
      className="max-w-3xl rounded-xl border border-line bg-surface shadow-low"
    >
      <UnsentSection unsent={unsent} />
      <OfferingFields form={form} known={known} labels={labels} errorAt={errorAt} />
      <div className="grid gap-4 p-5 sm:p-6">
        <FormAlert alert={alert} />
        <ErrorSummary fields={invalid} />
        {isWarned ? (
          <Alert tone="wait" role="alert" title={t.unchecked}>
            <p>{unchecked.sentence ?? t.tookTooLong}</p>
            <p>{t.uncheckedLead}</p>
          </Alert>
        ) : null}
        <div className="flex flex-wrap justify-end gap-2">
          <Button asChild>
            <Link to="/admin/offerings" onClick={unsent.forget}>
              {shell.cancel}
            </Link>
          </Button>
          <SubmitButton busy={busy} refused={refused}>
            {isWarned ? t.saveAnyway : t.save}
          </SubmitButton>
        </div>
      </div>
      <ChangedMeanwhile
        ref={panel}
        basis={basis}
        label={field => labels[field]}
        show={value => (typeof value === 'boolean' ? (value ? t.yes : t.no) : String(value))}
      />
    </form>
  );
}

function useLabels(): Record<keyof OfferingDraft, string> {
  const t = useText(text);
  return {
    key: t.key,
    name: t.name,
    image: t.image,
    template: t.template,
    active: t.active,
    await_address: t.awaitAddress,
    cpu_min: t.cpuMin,
    cpu_max: t.cpuMax,
    memory_gb_min: t.memoryMin,
    memory_gb_max: t.memoryMax,
    base_cents: t.base,
    cpu_cents: t.perCpu,
    gb_cents: t.perGb,
  };
}
