import { useMemo, useState } from 'react';
import { useForm, useWatch } from 'react-hook-form';
import { CHANGED_MEANWHILE, NOT_THERE_YET, asRead } from '@/shell/api/basis';
import { hostNow } from '@/shell/api/host-clock';
import { isProblem } from '@/shell/api/problem';
import { UnsentNote } from '@/shell/app/form/unsent-note';
import { FormAlert } from '@/shell/app/form/form-alert';
import { useUnsentInput } from '@/shell/app/form/use-unsent-input';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { PersonInput } from '@/shell/app/people/person-input';
import { useFormat, zoneName } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Field } from '@/shell/ui/field';
import { Input } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import type { Deputy, DeputyChanges } from './deputies';
import { type DeputyValues, toBody, toValues } from './deputy-values';
import { EndDeputy } from './end-deputy';
import { text } from './text';

interface DeputyFormProps {
  /** Name of the unsent input. */
  name: string;
  deputy: Deputy | null;
  changes: DeputyChanges;
}

const FIELDS = ['starts_at', 'ends_at', 'deputy', 'deputyName'] as const;

/** Present deputy of a person, and the form that sets one. */
export function DeputyForm({ name, deputy, changes }: DeputyFormProps) {
  const t = useText(text);
  // Another deputy, also one whom another person has set, is another form.
  const id = deputy ? `${deputy.actor} ${deputy.starts_at} ${deputy.ends_at}` : '';
  return (
    <div className="@container grid gap-5 p-5">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p role="status" className="min-w-0 font-medium wrap-anywhere">
          <Present deputy={deputy} />
        </p>
        {deputy ? <EndDeputy name={deputy.name} end={changes.end} /> : null}
      </div>
      <Fields key={id} name={name} deputy={deputy} changes={changes} label={deputy ? t.change : t.set} />
    </div>
  );
}

function Present({ deputy }: { deputy: Deputy | null }) {
  const t = useText(text);
  const format = useFormat();
  if (!deputy) return t.none;
  const { name, starts_at: from, ends_at: until } = deputy;
  return new Date(from) > hostNow()
    ? t.later(name, format.dateTime(from), format.dateTime(until))
    : t.now(name, format.dateTime(until));
}

function Fields({ name, deputy, changes, label }: DeputyFormProps & { label: string }) {
  const t = useText(text);
  const [defaultValues] = useState(() => toValues(deputy, hostNow()));
  const form = useForm<DeputyValues>({ defaultValues, shouldFocusError: false });
  const { run, busy, alert, errorAt } = useSubmission(form, ['starts_at', 'ends_at', 'deputy']);
  const fields = useMemo(() => [...FIELDS], []);
  const unsent = useUnsentInput(form, { name, fields });
  const deputyName = useWatch({ control: form.control, name: 'deputyName' });
  const submit = (event: React.SyntheticEvent) =>
    void run(event, async values => {
      const header = deputy ? asRead(deputy.tag) : NOT_THERE_YET;
      await changes.set(toBody(values, t), header).catch((cause: unknown) => {
        // The form of the other deputy replaces this one, with its unsent input.
        if (isProblem(cause, CHANGED_MEANWHILE)) toast.error(t.changed);
        throw cause;
      });
      unsent.forget();
      toast.success(t.isSet(values.deputyName));
    });
  const zone = t.zone(zoneName());
  return (
    <form noValidate onSubmit={submit} className="grid gap-4">
      <UnsentNote unsent={unsent} />
      <div className="grid gap-4 @lg:grid-cols-2">
        <Field label={t.from} hint={zone} error={errorAt('starts_at')}>
          <Input type="datetime-local" max="9999-12-31T23:59" {...form.register('starts_at')} />
        </Field>
        <Field label={t.until} hint={zone} error={errorAt('ends_at')}>
          <Input type="datetime-local" max="9999-12-31T23:59" {...form.register('ends_at')} />
        </Field>
      </div>
      <Field label={t.who} hint={t.whoHint} error={errorAt('deputy')}>
        <PersonInput
          label={t.who}
          name={deputyName}
          source={changes.source}
          onChange={person => {
            form.setValue('deputy', person?.actor ?? '', { shouldDirty: true });
            form.setValue('deputyName', person?.name ?? '', { shouldDirty: true });
          }}
        />
      </Field>
      <FormAlert alert={alert} />
      <div className="flex justify-end">
        <Button type="submit" look="primary" busy={busy}>
          {label}
        </Button>
      </div>
    </form>
  );
}
