import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { type UseFormReturn, useForm } from 'react-hook-form';
import { toast } from 'sonner';
import { CHANGED_MEANWHILE, NOT_THERE_YET, asRead } from '@/shell/api/basis';
import { isProblem } from '@/shell/api/problem';
import type { Choice } from '@/shell/app/choose/choices';
import { ChooseInput } from '@/shell/app/choose/choose-input';
import { normalizeInput } from '@/shell/app/form/normalize-input';
import { ChangedMeanwhile } from '@/shell/app/form/changed-meanwhile';
import { DraftNote } from '@/shell/app/form/draft-note';
import { ErrorSummary } from '@/shell/app/form/error-summary';
import { FormAlert } from '@/shell/app/form/form-alert';
import { FormSection } from '@/shell/app/form/form-section';
import { SubmitButton } from '@/shell/app/form/submit-button';
import { mergeErrors } from '@/shell/app/form/merge-errors';
import { type Stored, useBasis } from '@/shell/app/form/use-basis';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { useDraft } from '@/shell/app/form/use-draft';
import type { Language } from '@/shell/i18n/language';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { Button } from '@/shell/ui/button';
import { CheckField } from '@/shell/ui/check-field';
import { Field } from '@/shell/ui/field';
import { Input } from '@/shell/ui/input';
import { readOwnWrite, rehearse, useCommand } from '../api';
import {
  type CountName,
  OFFERING_FIELDS,
  type OfferingDraft,
  type PriceName,
  suggestKey,
  toDefinition,
} from './offering-draft';
import { takenKey } from './taken-key';
import { type TemplateCheck, checkTemplate, templates } from './templates';
import { text } from './text';

/** Time-out in milliseconds of the rehearsal that finds further mistakes. */
const REHEARSAL = 5_000;

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
  const client = useQueryClient();
  const navigate = useNavigate();
  const form = useForm<OfferingDraft>({ defaultValues: stored.values, shouldFocusError: false });
  const { run, busy, alert, invalid, errorAt } = useSubmission(form, OFFERING_FIELDS);
  const draft = useDraft(form, { name: `offering/${stored.values.key}`, fields: OFFERING_FIELDS });
  const basis = useBasis(form, OFFERING_FIELDS, stored, draft);
  const { mutateAsync } = useCommand('define-offering', known ? asRead(basis.tag) : NOT_THERE_YET);
  const panel = useRef<HTMLElement>(null);
  const [unchecked, setUnchecked] = useState<{ template: string; sentence: string | null } | null>(null);
  const isWarned = unchecked !== null && unchecked.template === normalizeInput(form.watch('template'));

  const send = async (typed: OfferingDraft) => {
    const sent = JSON.stringify(typed);
    const isSame = () => JSON.stringify(form.getValues()) === sent;
    const sentences = { count: t.countProblem, amount: t.amountProblem };
    const { definition, errors } = toDefinition(typed, language, sentences);
    const rehearsal = () => rehearse('define-offering', definition, AbortSignal.timeout(REHEARSAL));
    const checked = await check(definition.template);
    if (checked.state === 'bad')
      errors.push({ pointer: '/template', code: 'template-unknown', message: checked.sentence });
    if (errors.length > 0) throw await mergeErrors(errors, rehearsal);
    if (basis.conflicts.length > 0) return panel.current?.focus();
    if (checked.state === 'unchecked') return setUnchecked({ template: definition.template, ...checked });
    // The input has changed since: the person has not asked to save it.
    if (!isSame()) return void toast(t.typedMeanwhile);
    await mutateAsync(definition).catch(async (cause: unknown) => {
      if (!isProblem(cause, CHANGED_MEANWHILE)) throw cause;
      if (!known) throw takenKey(t.keyTaken);
      await readOwnWrite(client, 'offerings', definition.key, String(cause.params['position']));
      throw cause;
    });
    toast.success(t.saved(definition.name.trim()));
    if (!isSame()) return;
    draft.forget();
    await navigate({ to: '/admin/offerings' });
  };

  const choose = ({ value, facts: { guest } }: Choice) => {
    form.setValue('template', value, { shouldDirty: true });
    // vCenter's name of the system fills an empty field and never replaces text.
    if (form.getValues('image') === '' && typeof guest === 'string')
      form.setValue('image', guest, { shouldDirty: true });
  };

  /** Unchanged templates are not checked: an offering can be closed when its template is gone. */
  const check = async (template: string): Promise<TemplateCheck> => {
    const isKnown = known && template === normalizeInput(stored.values.template);
    if (template === '' || isKnown || template === unchecked?.template) return { state: 'good' };
    return checkTemplate(template);
  };

  const counts: [CountName, string][] = [
    ['cpu_min', t.cpuMin],
    ['cpu_max', t.cpuMax],
    ['memory_gb_min', t.memoryMin],
    ['memory_gb_max', t.memoryMax],
  ];
  const prices: [PriceName, string][] = [
    ['base_cents', t.base],
    ['cpu_cents', t.perCpu],
    ['gb_cents', t.perGb],
  ];
  const labels: Record<keyof OfferingDraft, string> = {
    key: t.key,
    name: t.name,
    image: t.image,
    template: t.template,
    active: t.active,
    await_address: t.awaitAddress,
    ...(Object.fromEntries([...counts, ...prices]) as Record<CountName | PriceName, string>),
  };
  const show = (value: unknown) => (typeof value === 'boolean' ? (value ? t.yes : t.no) : String(value));
  return (
    <form
      noValidate
      onSubmit={event => void run(event, send)}
      className="max-w-3xl rounded-xl border border-line bg-surface shadow-low"
    >
      {draft.restoredFrom === null ? null : (
        <div className="p-5 pb-0 sm:p-6 sm:pb-0">
          <DraftNote draft={draft} />
        </div>
      )}
      <FormSection title={t.what}>
        <Naming form={form} known={known} errorAt={errorAt} />
        <Field label={t.image} hint={t.imageHint} error={errorAt('image')}>
          <Input autoComplete="off" {...form.register('image')} />
        </Field>
        <Field label={t.template} hint={t.templateHint} error={errorAt('template')}>
          <ChooseInput
            choosable={{ label: t.template, where: 'vCenter', load: templates, onChoose: choose }}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            {...form.register('template')}
          />
        </Field>
        <CheckField
          label={t.awaitAddress}
          hint={t.awaitAddressHint}
          error={errorAt('await_address')}
          {...form.register('await_address')}
        />
      </FormSection>
      <FormSection title={t.limits} lead={t.limitsLead}>
        <div className="grid gap-4 @xl:grid-cols-2">
          {counts.map(([name, label]) => (
            <Field key={name} label={label} error={errorAt(name)}>
              <Input inputMode="numeric" autoComplete="off" {...form.register(name)} />
            </Field>
          ))}
        </div>
      </FormSection>
      <FormSection title={t.price} lead={t.priceLead}>
        <div className="grid gap-4 @xl:grid-cols-3">
          {prices.map(([name, label]) => (
            <Field key={name} label={label} error={errorAt(name)}>
              <Input inputMode="decimal" autoComplete="off" {...form.register(name)} />
            </Field>
          ))}
        </div>
      </FormSection>
      <FormSection title={t.availability}>
        <CheckField
          label={t.active}
          hint={t.activeHint}
          error={errorAt('active')}
          {...form.register('active')}
        />
      </FormSection>
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
            <Link to="/admin/offerings" onClick={draft.forget}>
              {shell.cancel}
            </Link>
          </Button>
          <SubmitButton busy={busy} refused={refused}>
            {isWarned ? t.saveAnyway : t.save}
          </SubmitButton>
        </div>
      </div>
      <ChangedMeanwhile ref={panel} basis={basis} label={field => labels[field]} show={show} />
    </form>
  );
}

interface NamingProps {
  form: UseFormReturn<OfferingDraft>;
  known: boolean;
  errorAt: (name: 'name' | 'key') => string | undefined;
}

/** Key of a new offering, which follows the name until it is edited. */
function Naming({ form, known, errorAt }: NamingProps) {
  const t = useText(text);
  const [ownKey, setOwnKey] = useState(known);
  const follow = (name: string) => {
    if (!ownKey) form.setValue('key', suggestKey(name));
  };
  return (
    <div className="grid gap-4 @xl:grid-cols-2">
      <Field label={t.name} hint={t.nameHint} error={errorAt('name')}>
        <Input
          autoComplete="off"
          {...form.register('name', { onChange: event => follow(String(event.target.value)) })}
        />
      </Field>
      <Field label={t.key} hint={known ? t.keyFixed : t.keyHint} error={errorAt('key')}>
        <Input
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          readOnly={known}
          className="font-mono read-only:bg-sunken read-only:text-quiet"
          {...form.register('key', { onChange: event => setOwnKey(known || event.target.value !== '') })}
        />
      </Field>
    </div>
  );
}
