import { useState } from 'react';
import { type UseFormReturn, useWatch } from 'react-hook-form';
import type { Choosable } from '@/shell/app/choose/choices';
import { ChooseInput } from '@/shell/app/choose/choose-input';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Field } from '@/shell/ui/field';
import { Input, Select, Textarea } from '@/shell/ui/input';
import type { ConnectionType, Setting } from './connection-types';
import { type ConnectionValues, isByToken, secretState } from './connection-values';
import type { Config } from './connections';
import { text } from './text';

type Form = UseFormReturn<ConnectionValues>;
export type ErrorAt = (path: `config.${string}` | 'secret.password') => string | undefined;

interface SettingFieldProps {
  setting: Setting;
  form: Form;
  errorAt: ErrorAt;
  /** Choices of the setting, if the other system offers them. */
  choosable: Choosable | undefined;
}

export function SettingField({ setting, form, errorAt, choosable }: SettingFieldProps) {
  const t = useText(text);
  const { name, label, hint, optional } = setting;
  const path = `config.${name}` as const;
  return (
    <Field label={optional ? t.optional(label) : label} hint={hint ?? undefined} error={errorAt(path)}>
      <Control setting={setting} register={form.register(path)} choosable={choosable} />
    </Field>
  );
}

interface ControlProps {
  setting: Setting;
  register: ReturnType<Form['register']>;
  choosable: Choosable | undefined;
}

/** The other properties are the field's id and descriptions. */
function Control({ setting: { input, options }, register, choosable, ...field }: ControlProps) {
  if (input === 'certificate') {
    return (
      <Textarea
        {...field}
        rows={5}
        spellCheck={false}
        className="font-mono text-xs"
        placeholder="-----BEGIN CERTIFICATE-----"
        {...register}
      />
    );
  }
  if (input === 'choice') {
    return (
      <Select {...field} {...register}>
        {options.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Select>
    );
  }
  if (choosable) {
    return (
      <ChooseInput
        {...field}
        choosable={choosable}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        {...NO_LOG_IN}
        {...register}
      />
    );
  }
  return (
    <Input
      {...field}
      inputMode={input === 'number' ? 'numeric' : undefined}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      {...NO_LOG_IN}
      {...register}
    />
  );
}

/** Tells password managers that these fields are not the person's own log-in. */
const NO_LOG_IN = {
  'data-1p-ignore': true,
  'data-bwignore': true,
  'data-lpignore': 'true',
  'data-form-type': 'other',
} as const;

interface PasswordFieldProps {
  type: ConnectionType;
  stored: Config | null;
  form: Form;
  error: string | undefined;
}

/**
 * Write-only password field, shown only to replace the stored one: browsers would fill in the
 * person's own password, which would be saved.
 */
export function PasswordField({ type, stored, form, error }: PasswordFieldProps) {
  const t = useText(text);
  const [replacing, setReplacing] = useState(false);
  const config = useWatch({ control: form.control, name: 'config' });
  const values = { config, secret: { password: '' } };
  const state = secretState(type, values, stored);
  const label = isByToken(values) ? t.clientSecret : t.password;
  const keep = () => {
    form.resetField('secret.password');
    setReplacing(false);
  };
  if (state === 'kept' && !replacing && !error) {
    return (
      <div className="grid justify-items-start gap-1.5">
        <p className="text-sm font-medium">{label}</p>
        <Button size="small" onClick={() => setReplacing(true)}>
          {t.replace(label)}
        </Button>
        <p className="text-xs text-quiet">{t.passwordHints.kept}</p>
      </div>
    );
  }
  return (
    <div className="grid justify-items-start gap-1.5">
      <Field
        className="w-full"
        label={label}
        hint={state === 'kept' ? t.passwordHints.replaced : t.passwordHints[state]}
        error={error}
      >
        <Input
          type="password"
          autoComplete="new-password"
          {...NO_LOG_IN}
          {...form.register('secret.password')}
        />
      </Field>
      {state === 'kept' ? (
        <Button size="small" look="quiet" onClick={keep}>
          {t.keep}
        </Button>
      ) : null}
    </div>
  );
}
