import { type ReactNode, useId, useState } from 'react';
import { type UseFormRegisterReturn, useForm, useWatch } from 'react-hook-form';
import { CHANGED_MEANWHILE, NOT_THERE_YET, asRead } from '@/shell/api/basis';
import { isProblem } from '@/shell/api/problem';
import { FormAlert } from '@/shell/app/form/form-alert';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { useFormat, zoneName } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { CheckField } from '@/shell/ui/check-field';
import { Field } from '@/shell/ui/field';
import { Select } from '@/shell/ui/input';
import { toast } from '@/shell/ui/toast';
import { type MailPreferences, useSetMailPreferences } from './mail-settings';
import { type MailSettingsValues, toBody, toValues, zonesOf } from './mail-settings-values';
import { text } from './text';

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

export function MailSettingsForm({ stored }: { stored: MailPreferences }) {
  const t = useText(text);
  const format = useFormat();
  const [defaultValues] = useState(() => toValues(stored, zoneName()));
  const form = useForm<MailSettingsValues>({ defaultValues, shouldFocusError: false });
  const { run, busy, alert, errorAt } = useSubmission(form, ['delivery', 'hour', 'time_zone']);
  const set = useSetMailPreferences();
  const isDaily = useWatch({ control: form.control, name: 'delivery' }) === 'daily';
  const submit = (event: React.SyntheticEvent) =>
    void run(event, async values => {
      const header = stored.tag === null ? NOT_THERE_YET : asRead(stored.tag);
      await set(toBody(values, stored.kinds), header).catch((cause: unknown) => {
        // The form of the other settings replaces this one.
        if (isProblem(cause, CHANGED_MEANWHILE)) toast.error(t.changed);
        throw cause;
      });
      toast.success(t.saved);
    });
  return (
    <form noValidate onSubmit={submit} className="@container grid gap-6 p-5">
      <fieldset className="grid gap-3">
        <legend className="mb-2 text-sm font-medium">{t.delivery}</legend>
        <Choice value="at-once" label={t.atOnce} hint={t.atOnceHint} register={form.register('delivery')} />
        <Choice value="daily" label={t.daily} hint={t.dailyHint} register={form.register('delivery')}>
          {stored.next_digest_at ? (
            <p className="text-xs text-quiet">{t.next(format.dateTime(stored.next_digest_at))}</p>
          ) : null}
        </Choice>
        {isDaily ? (
          <div className="grid gap-4 pl-7.5 @md:grid-cols-2">
            <Field label={t.hour} error={errorAt('hour')}>
              <Select {...form.register('hour')}>
                {HOURS.map(hour => (
                  <option key={hour} value={hour}>
                    {t.oClock(hour)}
                  </option>
                ))}
              </Select>
            </Field>
            <Field label={t.zone} error={errorAt('time_zone')}>
              <Select {...form.register('time_zone')}>
                {zonesOf(stored, zoneName()).map(zone => (
                  <option key={zone}>{zone}</option>
                ))}
              </Select>
            </Field>
          </div>
        ) : null}
      </fieldset>
      <Kinds kinds={stored.kinds} register={index => form.register(`wanted.${index}`)} />
      <FormAlert alert={alert} />
      <div className="flex justify-end">
        <Button type="submit" look="primary" busy={busy}>
          {t.save}
        </Button>
      </div>
    </form>
  );
}

interface ChoiceProps {
  value: MailPreferences['delivery'];
  label: string;
  hint: string;
  register: UseFormRegisterReturn;
  children?: ReactNode;
}

/** Radio button with label and hint. */
function Choice({ value, label, hint, register, children }: ChoiceProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-3">
      <input
        {...register}
        id={id}
        type="radio"
        value={value}
        aria-describedby={`${id}-hint`}
        className="mt-0.5 size-4.5 accent-accent"
      />
      <div className="grid gap-0.5">
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        <p id={`${id}-hint`} className="text-xs text-quiet">
          {hint}
        </p>
        {children}
      </div>
    </div>
  );
}

interface KindsProps {
  kinds: MailPreferences['kinds'];
  register: (index: number) => UseFormRegisterReturn;
}

/** Check box per kind of mails that can be turned off. */
function Kinds({ kinds, register }: KindsProps) {
  const t = useText(text);
  if (kinds.length === 0) return null;
  // The product is named only where there are several.
  const isOfOne = new Set(kinds.map(({ product }) => product)).size === 1;
  return (
    <fieldset className="grid gap-3">
      <legend className="text-sm font-medium">{t.kinds}</legend>
      <p className="mb-2 text-xs text-quiet">{t.kindsHint}</p>
      {kinds.map(({ id, product, name }, index) => (
        <CheckField key={id} label={name} hint={isOfOne ? undefined : product} {...register(index)} />
      ))}
    </fieldset>
  );
}
