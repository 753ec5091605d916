import { Fragment, useMemo, useRef, useState } from 'react';
import { Link } from '@tanstack/react-router';
import { useForm, useWatch } from 'react-hook-form';
import { toast } from 'sonner';
import { NOT_THERE_YET, asRead } from '@/shell/api/basis';
import { ChangedMeanwhile } from '@/shell/app/form/changed-meanwhile';
import { DraftNote } from '@/shell/app/form/draft-note';
import { ErrorSummary } from '@/shell/app/form/error-summary';
import { FormAlert } from '@/shell/app/form/form-alert';
import { type Stored, useBasis } from '@/shell/app/form/use-basis';
import { useDraft } from '@/shell/app/form/use-draft';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { cn } from '@/shell/ui/cn';
import { FormSection } from '@/shell/app/form/form-section';
import { SubmitButton } from '@/shell/app/form/submit-button';
import { ConnectionCheck } from './connection-check';
import type { ConnectionType } from './connection-types';
import { type ConnectionValues, atPassword, fieldsOf, toBody, toValues } from './connection-values';
import { type Check, type Connection, useSetConnection } from './connections';
import { type ErrorAt, PasswordField, SettingField } from './setting-field';
import { text } from './text';
import { useConnectionTest } from './use-connection-test';
import { useSettingChoices } from './use-setting-choices';

interface ConnectionFormProps {
  type: ConnectionType;
  connection: Connection;
}

export function ConnectionForm({ type, connection }: ConnectionFormProps) {
  const t = useText(text);
  const shell = useShellText();
  const stored = connection.config;
  const form = useForm<ConnectionValues>({
    defaultValues: toValues(type, stored),
    shouldFocusError: false,
  });
  const fields = fieldsOf(type) as Parameters<ErrorAt>[0][];
  const { run, busy, alert, invalid, errorAt } = useSubmission(form, fields);
  const set = useSetConnection(connection);
  const settings = useMemo(() => type.fields.map(({ name }) => `config.${name}` as const), [type]);
  const draft = useDraft(form, {
    name: `connection/${connection.capability}/${connection.name}`,
    fields: settings,
  });
  const basis = useBasis(form, settings, storedOf(type, connection), draft);
  const { verdict, tested, running, test, confirm, skip } = useConnectionTest(type, connection, form);
  const labels = new Map<string, string>(type.fields.map(({ name, label }) => [`config.${name}`, label]));
  const [saving, setSaving] = useState(false);
  const [saves, setSaves] = useState(0);
  const choosable = useSettingChoices(type, connection, form);
  const element = useRef<HTMLFormElement>(null);
  const panel = useRef<HTMLElement>(null);
  const found = useRef<HTMLElement>(null);

  const store = async (values: ConnectionValues) => {
    const header = connection.configured ? asRead(basis.tag) : NOT_THERE_YET;
    await set(toBody(type, values, stored), header).catch(cause => {
      throw atPassword(cause);
    });
    // The draft is stored now, and the password is removed from the page.
    form.reset({ config: values.config, secret: { password: '' } });
    setSaves(saves + 1);
    draft.forget();
    toast.success(t.saved(type.name));
  };

  /**
   * Tests the draft unless it was tested, and stores it if the test succeeded. A failed draft is
   * stored only on request.
   */
  const send = async (typed: ConnectionValues) => {
    if (basis.conflicts.length > 0) return panel.current?.focus();
    const values = structuredClone(typed);
    const result = verdict === 'untested' ? await showing(test('test', values)) : 'skipped';
    // The person left the page: no save.
    if (result === 'left' || (result !== 'skipped' && !result.ok)) return;
    // The input has changed since: the person has not asked to save it.
    if (JSON.stringify(form.getValues()) !== JSON.stringify(values)) return;
    await store(values);
    if (result !== 'skipped' || verdict === 'good') void confirm();
  };
  const save = async (event: React.SyntheticEvent) => {
    setSaving(true);
    await run(event, send);
    setSaving(false);
  };
  const check = (kind: Check) => {
    const only = async (values: ConnectionValues) =>
      void (await showing(test(kind, structuredClone(values))));
    void run({ preventDefault: () => undefined, currentTarget: element.current }, only);
  };
  /** Scrolls to the result unless the person has moved on. */
  const showing = async <T,>(testing: Promise<T>): Promise<T> => {
    const at = document.activeElement;
    const result = await testing;
    if (document.activeElement === at) found.current?.scrollIntoView({ block: 'nearest' });
    return result;
  };

  const byToken = useWatch({ control: form.control, name: 'config.auth' }) === 'oauth2';
  const password = (
    <PasswordField
      // A save replaces the field; a save by another person must not discard input.
      key={saves}
      type={type}
      stored={stored}
      form={form}
      error={errorAt('secret.password')}
    />
  );
  const isTestedFirst = verdict === 'untested';
  const isWarned = verdict === 'bad' || verdict === 'untestable';
  return (
    <div className="grid items-start gap-5 @4xl:grid-cols-[minmax(0,1fr)_20rem]">
      <form
        ref={element}
        noValidate
        autoComplete="off"
        onSubmit={event => void save(event)}
        className="min-w-0 rounded-xl border border-line bg-surface shadow-low"
      >
        {draft.restoredFrom === null ? null : (
          <div className="p-5 pb-0 sm:p-6 sm:pb-0">
            <DraftNote draft={draft} />
          </div>
        )}
        <FormSection title={t.settings}>
          {type.fields
            .filter(setting => byToken || !setting.by_token)
            .map(setting => (
              <Fragment key={setting.name}>
                <SettingField
                  setting={setting}
                  form={form}
                  errorAt={errorAt}
                  choosable={choosable(setting)}
                />
                {setting.name === 'username' ? password : null}
              </Fragment>
            ))}
        </FormSection>
        <div className="grid gap-4 p-5 sm:p-6">
          <FormAlert alert={alert} />
          <ErrorSummary fields={invalid} />
          <p
            role="status"
            className={cn('text-right text-sm empty:hidden', isWarned ? 'text-bad' : 'text-quiet')}
          >
            {busy || verdict === 'stored' ? null : t.before[verdict]}
          </p>
          <div className="flex flex-wrap justify-end gap-2">
            <Button asChild>
              <Link to="/admin/connections">{shell.back}</Link>
            </Button>
            {saving && running ? (
              <Button onClick={skip}>{t.saveUntested}</Button>
            ) : (
              <Button
                busy={running === 'test'}
                aria-disabled={busy || undefined}
                onClick={() => check('test')}
              >
                {running === 'test' ? t.testing : t.test}
              </Button>
            )}
            <SubmitButton busy={busy && saving} refused={null}>
              {isTestedFirst ? t.testAndSave : isWarned ? t.saveAnyway : t.save}
            </SubmitButton>
          </div>
        </div>
        <ChangedMeanwhile ref={panel} basis={basis} label={field => labels.get(field) ?? field} />
      </form>
      <ConnectionCheck
        ref={found}
        type={type}
        connection={connection}
        verdict={verdict}
        tested={tested}
        running={running}
        onCheck={check}
      />
    </div>
  );
}

function storedOf(type: ConnectionType, connection: Connection): Stored<ConnectionValues> {
  const { config, updated_at, updated_by_name } = connection;
  return {
    values: toValues(type, config),
    tag: updated_at ?? '',
    by: updated_by_name,
    at: updated_at,
  };
}
