import { useMemo, useRef, useState } from 'react';
import { useForm } from 'react-hook-form';
import { ChangedMeanwhile } from '@/shell/app/form/changed-meanwhile';
import { UnsentSection } from '@/shell/app/form/unsent-note';
import { ErrorSummary } from '@/shell/app/form/error-summary';
import { FormAlert } from '@/shell/app/form/form-alert';
import { type Stored, useBasis } from '@/shell/app/form/use-basis';
import { useUnsentInput } from '@/shell/app/form/use-unsent-input';
import { useSubmission } from '@/shell/app/form/use-command-form';
import { ConnectionButtons } from './connection-buttons';
import { ConnectionCheck } from './connection-check';
import { ConnectionFields } from './connection-fields';
import type { ConnectionType } from './connection-types';
import { type ConnectionValues, fieldsOf, toValues } from './connection-values';
import type { Check, Connection } from './connections';
import type { ErrorAt } from './setting-field';
import { useConnectionTest } from './use-connection-test';
import { useSaveConnection } from './use-save-connection';

interface ConnectionFormProps {
  type: ConnectionType;
  connection: Connection;
}

/** Settings of a connection, and beside them the test of what is typed. */
export function ConnectionForm({ type, connection }: ConnectionFormProps) {
  const form = useForm<ConnectionValues>({
    defaultValues: toValues(type, connection.config),
    shouldFocusError: false,
  });
  const fields = fieldsOf(type) as Parameters<ErrorAt>[0][];
  const { run, busy, alert, invalid, errorAt } = useSubmission(form, fields);
  const settings = useMemo(() => type.fields.map(({ name }) => `config.${name}` as const), [type]);
  const unsent = useUnsentInput(form, {
    name: `connection/${connection.capability}/${connection.name}`,
    fields: settings,
  });
  const basis = useBasis(form, settings, storedOf(type, connection), unsent);
  const { verdict, tested, running, test, confirm, skip } = useConnectionTest(type, connection, form);
  const [saving, setSaving] = useState(false);
  const element = useRef<HTMLFormElement>(null);
  const panel = useRef<HTMLElement>(null);
  const found = useRef<HTMLElement>(null);
  const { save, saves } = useSaveConnection({
    type,
    connection,
    form,
    fields,
    tag: basis.tag,
    verdict,
    test: values => showing(found, test('test', values)),
    confirm,
    onSaved: unsent.forget,
  });

  const submit = async (event: React.SyntheticEvent) => {
    setSaving(true);
    await run(event, async typed => (basis.conflicts.length > 0 ? panel.current?.focus() : save(typed)));
    setSaving(false);
  };
  const check = (kind: Check) =>
    void run({ preventDefault: () => undefined, currentTarget: element.current }, async values => {
      await showing(found, test(kind, values));
    });

  const labels = new Map<string, string>(type.fields.map(({ name, label }) => [`config.${name}`, label]));
  return (
    <div className="grid items-start gap-5 @4xl:grid-cols-[minmax(0,1fr)_20rem]">
      <form
        ref={element}
        noValidate
        autoComplete="off"
        onSubmit={event => void submit(event)}
        className="min-w-0 rounded-xl border border-line bg-surface shadow-low"
      >
        <UnsentSection unsent={unsent} />
        <ConnectionFields type={type} connection={connection} form={form} errorAt={errorAt} saves={saves} />
        <div className="grid gap-4 p-5 sm:p-6">
          <FormAlert alert={alert} />
          <ErrorSummary fields={invalid} />
          <ConnectionButtons
            verdict={verdict}
            running={running}
            busy={busy}
            saving={saving}
            onTest={() => check('test')}
            onSkip={skip}
          />
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

/** Scrolls to the result of a test unless the person has moved on. */
async function showing<T>(found: React.RefObject<HTMLElement | null>, testing: Promise<T>): Promise<T> {
  const at = document.activeElement;
  const result = await testing;
  if (document.activeElement === at) found.current?.scrollIntoView({ block: 'nearest' });
  return result;
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
