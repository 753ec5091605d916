import { Fragment, useMemo, useRef, useState } from 'react';
import { Link } from '@tanstack/react-router';
import { type UseFormReturn, useForm, useWatch } from 'react-hook-form';
import { toast } from 'sonner';
import { NOT_THERE_YET, asRead } from '@/api/basis';
import { ChangedMeanwhile } from '@/app/form/changed-meanwhile';
import { DraftNote } from '@/app/form/draft-note';
import { ErrorSummary } from '@/app/form/error-summary';
import { FormAlert } from '@/app/form/form-alert';
import { type Stored, useBasis } from '@/app/form/use-basis';
import { useDraft } from '@/app/form/use-draft';
import { useSubmission } from '@/app/form/use-command-form';
import { useShellText } from '@/i18n/shell-text';
import { useText } from '@/i18n/use-text';
import { Button } from '@/ui/button';
import { Field } from '@/ui/field';
import { Input, Select, Textarea } from '@/ui/input';
import { FormSection } from '../form-section';
import { SubmitButton } from '../submit-button';
import { ConnectionCheck } from './connection-check';
import {
  type Capability,
  ENCRYPTIONS,
  type KnownSetting,
  LOGINS,
  type SettingName,
  settingsOf,
} from './connection-kinds';
import {
  type ConnectionValues,
  atPassword,
  fieldsOf,
  isByToken,
  secretState,
  toBody,
  toValues,
} from './connection-values';
import { type Config, type Connection, useSetConnection } from './connections';
import { text } from './text';

type Form = UseFormReturn<ConnectionValues>;
type ErrorAt = (path: `config.${string}` | 'secret.password') => string | undefined;

interface ConnectionFormProps {
  capability: Capability;
  connection: Connection;
}

export function ConnectionForm({ capability, connection }: ConnectionFormProps) {
  const t = useText(text);
  const shell = useShellText();
  const stored = connection.config;
  const form = useForm<ConnectionValues>({
    defaultValues: toValues(capability, stored),
    shouldFocusError: false,
  });
  // Read while rendering: only so does the form tell about changes.
  const { isDirty } = form.formState;
  const fields = fieldsOf(capability) as Parameters<ErrorAt>[0][];
  const { run, busy, alert, invalid, errorAt } = useSubmission(form, fields);
  const set = useSetConnection(connection);
  const settings = useMemo(
    () => settingsOf(capability).map(({ name }) => `config.${name}` as const),
    [capability],
  );
  const draft = useDraft(form, {
    name: `connection/${connection.capability}/${connection.name}`,
    fields: settings,
  });
  const basis = useBasis(form, settings, storedOf(capability, connection), draft);
  const panel = useRef<HTMLElement>(null);

  const send = async (values: ConnectionValues) => {
    if (basis.conflicts.length > 0) return panel.current?.focus();
    const header = connection.configured ? asRead(basis.tag) : NOT_THERE_YET;
    await set(toBody(capability, values, stored), header).catch(cause => {
      throw atPassword(cause);
    });
    // What was typed is now what is stored, and the password leaves the page.
    form.reset({ config: values.config, secret: { password: '' } });
    draft.forget();
    toast.success(t.saved(t.kinds[capability]));
  };

  const byToken = useWatch({ control: form.control, name: 'config.auth' }) === 'oauth2';
  const password = (
    <PasswordField
      // Saved, it is a stored one again.
      key={connection.updated_at}
      capability={capability}
      stored={stored}
      form={form}
      error={errorAt('secret.password')}
    />
  );
  return (
    <div className="grid items-start gap-5 @4xl:grid-cols-[minmax(0,1fr)_20rem]">
      <form
        noValidate
        autoComplete="off"
        onSubmit={event => void run(event, send)}
        className="min-w-0 rounded-xl border border-line bg-surface shadow-low"
      >
        {draft.restoredFrom === null ? null : (
          <div className="p-5 pb-0 sm:p-6 sm:pb-0">
            <DraftNote draft={draft} />
          </div>
        )}
        <FormSection title={t.settings}>
          {settingsOf(capability)
            .filter(setting => byToken || !setting.byToken)
            .map(setting => (
              <Fragment key={setting.name}>
                <SettingField capability={capability} setting={setting} form={form} errorAt={errorAt} />
                {setting.name === 'username' ? password : null}
              </Fragment>
            ))}
        </FormSection>
        <div className="grid gap-4 p-5 sm:p-6">
          <FormAlert alert={alert} />
          <ErrorSummary fields={invalid} />
          <div className="flex flex-wrap justify-end gap-2">
            <Button asChild>
              <Link to="/admin/connections">{shell.back}</Link>
            </Button>
            <SubmitButton busy={busy} refused={null}>
              {t.save}
            </SubmitButton>
          </div>
        </div>
        <ChangedMeanwhile
          ref={panel}
          basis={basis}
          label={field => t.fields[field.slice('config.'.length) as SettingName]}
        />
      </form>
      <ConnectionCheck connection={connection} dirty={isDirty} />
    </div>
  );
}

function storedOf(capability: Capability, connection: Connection): Stored<ConnectionValues> {
  const { config, updated_at, updated_by_name } = connection;
  return {
    values: toValues(capability, config),
    tag: updated_at ?? '',
    by: updated_by_name,
    at: updated_at,
  };
}

interface SettingFieldProps {
  capability: Capability;
  setting: KnownSetting;
  form: Form;
  errorAt: ErrorAt;
}

function SettingField({ capability, setting, form, errorAt }: SettingFieldProps) {
  const t = useText(text);
  const { name, input, optional } = setting;
  const path = `config.${name}` as const;
  const label = optional ? t.optional(t.fields[name]) : t.fields[name];
  const hints: Partial<Record<SettingName, string>> = t.hints;
  const hint = capability === 'mail' && name === 'username' ? t.mailUsernameHint : hints[name];
  return (
    <Field label={label} hint={hint} error={errorAt(path)}>
      <Control input={input} register={form.register(path)} />
    </Field>
  );
}

interface ControlProps {
  input: KnownSetting['input'];
  register: ReturnType<Form['register']>;
}

/** The rest of the properties are the field's: its id and what describes it. */
function Control({ input, register, ...field }: ControlProps) {
  const t = useText(text);
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
  if (input === 'login') {
    return (
      <Select {...field} {...register}>
        {LOGINS.map(value => (
          <option key={value} value={value}>
            {value === 'oauth2' ? t.logins.oauth2 : t.logins.password}
          </option>
        ))}
      </Select>
    );
  }
  if (input === 'encryption') {
    return (
      <Select {...field} {...register}>
        {ENCRYPTIONS.map(value => (
          <option key={value} value={value}>
            {t.encryption[value]}
          </option>
        ))}
      </Select>
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

/** To password managers: these are not for the log-in of the person who sits here. */
const NO_LOG_IN = {
  'data-1p-ignore': true,
  'data-bwignore': true,
  'data-lpignore': 'true',
  'data-form-type': 'other',
} as const;

interface PasswordFieldProps {
  capability: Capability;
  stored: Config | null;
  form: Form;
  error: string | undefined;
}

/**
 * Write-only: what is stored is never here. As long as it is to stay there is no field: a browser would put the person's
 * own password there, and that would be saved.
 */
function PasswordField({ capability, stored, form, error }: PasswordFieldProps) {
  const t = useText(text);
  const [replacing, setReplacing] = useState(false);
  const config = useWatch({ control: form.control, name: 'config' });
  const values = { config, secret: { password: '' } };
  const state = secretState(capability, values, stored);
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
