import { useMemo, useRef } from 'react';
import { type Path, useForm } from 'react-hook-form';
import { ChangedMeanwhile } from '@/shell/app/form/changed-meanwhile';
import { UnsentSection } from '@/shell/app/form/unsent-note';
import { ErrorSummary } from '@/shell/app/form/error-summary';
import { FormAlert } from '@/shell/app/form/form-alert';
import { SubmitButton } from '@/shell/app/form/submit-button';
import { type Stored, useBasis } from '@/shell/app/form/use-basis';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { useUnsentInput } from '@/shell/app/form/use-unsent-input';
import type { Language } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { EditorContext } from './editor';
import { NamingSection } from './naming-section';
import { pathOf, placesOf } from './places';
import { POLICY_FIELDS, type PolicyDraft, parsed } from './policy-draft';
import { toDocument } from './policy-model';
import { RulesSection } from './rules-section';
import { ScopeSection } from './scope-section';
import { sentencesOf } from './sentence';
import { SentencePanel } from './sentence-panel';
import { StagesSection } from './stages-section';
import { text } from './text';
import { useDirectory, useNames, useSpeech } from './use-names';
import { useSaveDraft } from './use-save-draft';
import { useTellDirty } from './use-tell-dirty';

export interface PolicyEditorProps {
  stored: Stored<PolicyDraft>;
  /** Revision that the view shows; 0: the policy is new. */
  revision: number;
  /** Reason why this person may not save. */
  refused: string | null;
  /** Language of amounts in this form; the page's own may change meanwhile. */
  language: Language;
  onSaved: (policy: string) => void;
  onDirty?: (isDirty: boolean) => void;
}

/** Form of a policy's draft, with the policy in words beside it. */
export function PolicyEditor({ stored, revision, refused, language, onSaved, onDirty }: PolicyEditorProps) {
  const t = useText(text);
  const known = revision > 0;
  const form = useForm<PolicyDraft>({ defaultValues: stored.values, shouldFocusError: false });
  const written = form.watch('document');
  const model = useMemo(() => parsed(written), [written]);
  const places = placesOf(model);
  const submission = useSubmission(form, places.map(pathOf) as Path<PolicyDraft>[]);
  const unsent = useUnsentInput(form, { name: `policy/${stored.values.policy}`, fields: POLICY_FIELDS });
  const basis = useBasis(form, POLICY_FIELDS, stored, unsent);
  const panel = useRef<HTMLElement>(null);
  const { document } = useMemo(() => toDocument(model, language), [model, language]);
  const names = useNames([document]);
  const findsPeople = useDirectory();
  const speech = useSpeech(names);
  useTellDirty(form, onDirty);
  const save = useSaveDraft({ form, basis, unsent, panel, revision, language, onSaved });
  const errorAt = (place: string) => submission.errorAt(pathOf(place) as Path<PolicyDraft>);
  const set = (changed: typeof model) => {
    // Errors are at indices, which a change of a list moves.
    if (placesOf(changed).join() !== places.join()) form.clearErrors();
    form.setValue('document', JSON.stringify(changed), { shouldDirty: true });
  };
  const labels = { policy: t.key, name_de: t.nameDe, name_en: t.nameEn, document: t.document };
  const show = (value: unknown, field: keyof PolicyDraft) =>
    field === 'document'
      ? sentencesOf(toDocument(parsed(String(value)), language).document, speech).join(' ')
      : String(value);
  return (
    <EditorContext value={{ errorAt, names, findsPeople }}>
      <div className="grid items-start gap-6 @4xl:grid-cols-[minmax(0,1fr)_20rem]">
        <form
          noValidate
          onSubmit={event => void submission.run(event, save)}
          className="@container min-w-0 rounded-xl border border-line bg-surface shadow-low"
        >
          <UnsentSection unsent={unsent} />
          <NamingSection form={form} known={known} />
          <input type="hidden" {...form.register('document')} />
          <ScopeSection form={model} onChange={set} />
          <RulesSection form={model} onChange={set} />
          <StagesSection form={model} onChange={set} />
          <SaveBar submission={submission} refused={refused} />
          <ChangedMeanwhile ref={panel} basis={basis} label={field => labels[field]} show={show} />
        </form>
        <div className="min-w-0 @4xl:sticky @4xl:top-20">
          <SentencePanel title={t.sentence} document={document} names={names} />
        </div>
      </div>
    </EditorContext>
  );
}

interface SaveBarProps {
  submission: Pick<ReturnType<typeof useSubmission<PolicyDraft>>, 'alert' | 'invalid' | 'busy'>;
  refused: string | null;
}

/** End of the form: what went wrong, and the button. */
function SaveBar({ submission: { alert, invalid, busy }, refused }: SaveBarProps) {
  const t = useText(text);
  return (
    <div className="grid gap-4 p-5 sm:p-6">
      <FormAlert alert={alert} />
      <ErrorSummary fields={invalid} />
      <div className="flex flex-wrap justify-end gap-2">
        <SubmitButton busy={busy} refused={refused}>
          {t.save}
        </SubmitButton>
      </div>
    </div>
  );
}
