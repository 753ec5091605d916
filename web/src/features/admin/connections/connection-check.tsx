import { useEffect, useId } from 'react';
import { ActionButton } from '@/app/actions/action-button';
import { endsSession } from '@/api/problem';
import { ProblemAlert } from '@/app/page/problem-alert';
import { useFormat } from '@/i18n/format';
import { useText } from '@/i18n/use-text';
import { Alert } from '@/ui/alert';
import { ConnectionFindings } from './connection-findings';
import { stateOf, triedAt, troubleOf } from './connection-state';
import { type Connection, type Finding, useTestConnection } from './connections';
import { text } from './text';

/** Whether it works: what the last test found, and one more. What is stored is tested, not what is typed. */
export function ConnectionCheck({ connection, dirty }: { connection: Connection; dirty: boolean }) {
  const t = useText(text);
  const { mutate, reset, data, error, isPending, variables } = useTestConnection(connection);
  const id = useId();
  const { configured, updated_at: saved } = connection;
  // What an older test found says nothing about what is stored now.
  useEffect(() => reset(), [reset, saved]);
  const why = !configured ? t.setUpFirst : dirty ? t.testFirst : null;
  return (
    <section
      aria-labelledby={id}
      className="grid grid-cols-1 gap-4 rounded-xl border border-line bg-surface p-5 shadow-low @4xl:sticky @4xl:top-6 @4xl:max-h-[calc(100dvh-3rem)] @4xl:overflow-y-auto"
    >
      <h2 id={id} className="text-base font-semibold">
        {t.check}
      </h2>
      <div role="status">
        <Outcome connection={connection} details={data?.ok === false ? data.message : undefined} />
        {data ? <Count findings={data.findings} /> : null}
      </div>
      {error && !endsSession(error) ? <ProblemAlert cause={error} /> : null}
      <div className="flex flex-wrap gap-2">
        <ActionButton
          action={{ command: 'test', title: t.test, permitted: true, allowed: why === null, why, body: {} }}
          busy={isPending && variables === 'test'}
          onRun={() => mutate('test')}
        >
          {isPending && variables === 'test' ? t.testing : t.test}
        </ActionButton>
        {connection.capability === 'mail' ? (
          <ActionButton
            action={{
              command: 'trial',
              title: t.trial,
              permitted: true,
              allowed: why === null,
              why,
              body: {},
            }}
            busy={isPending && variables === 'trial'}
            onRun={() => mutate('trial')}
          >
            {isPending && variables === 'trial' ? t.trying : t.trial}
          </ActionButton>
        ) : null}
      </div>
      {data ? <ConnectionFindings findings={data.findings} /> : null}
    </section>
  );
}

function Count({ findings }: { findings: readonly Finding[] }) {
  const t = useText(text);
  const good = findings.filter(finding => finding.state === 'good').length;
  return <p className="mt-2 text-sm text-quiet">{t.findings.count(good, findings.length)}</p>;
}

/** Said once, whether it was found just now or before. */
function Outcome({ connection, details }: { connection: Connection; details: string | undefined }) {
  const t = useText(text);
  const format = useFormat();
  const state = stateOf(connection);
  const at = triedAt(connection);
  const sentence = troubleOf(connection);
  if (state === 'missing') return <p className="text-quiet">{t.missing}</p>;
  if (state === 'untested') return <p className="text-quiet">{t.untested}</p>;
  return (
    <Alert tone={state === 'old' ? 'busy' : state} title={t[state]}>
      {sentence ? <p>{sentence}</p> : null}
      <p className="text-xs text-quiet">
        <time dateTime={at ?? undefined}>
          {(at === connection.last_check_at ? t.at : t.usedAt)(format.exact(at))}
        </time>
      </p>
      {details && details !== sentence ? (
        <details className="text-xs">
          <summary className="text-quiet">{t.details}</summary>
          <p lang="en" className="mt-1.5 font-mono">
            {details}
          </p>
        </details>
      ) : null}
    </Alert>
  );
}
