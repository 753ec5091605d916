import { type Ref, useId } from 'react';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { Button } from '@/shell/ui/button';
import { ConnectionFindings } from './connection-findings';
import { stateOf, triedAt, connectionProblemOf } from './connection-state';
import type { ConnectionType } from './connection-types';
import type { Check, Connection, Finding } from './connections';
import { text } from './text';
import type { Tested, Verdict } from './use-connection-test';

interface ConnectionCheckProps {
  type: ConnectionType;
  connection: Connection;
  verdict: Verdict;
  tested: Tested | null;
  running: Check | null;
  onCheck: (check: Check) => void;
  ref: Ref<HTMLElement>;
}

/** Results of the form's last test, line by line. */
export function ConnectionCheck(props: ConnectionCheckProps) {
  const { type, connection, verdict, tested, running, onCheck, ref } = props;
  const t = useText(text);
  const id = useId();
  return (
    <section
      ref={ref}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls beside the form
      tabIndex={0}
      aria-labelledby={id}
      className="grid scroll-mt-4 grid-cols-1 gap-4 rounded-xl border border-line bg-surface p-5 shadow-low @4xl:sticky @4xl:top-6 @4xl:max-h-[calc(100dvh-3rem)] @4xl:overflow-y-auto"
    >
      <h2 id={id} className="text-base font-semibold">
        {t.check}
      </h2>
      <div role="status">
        {running ? (
          <p className="text-quiet">{t.testing}</p>
        ) : verdict === 'stored' ? (
          <Outcome connection={connection} details={tested?.fits ? tested.result.message : undefined} />
        ) : (
          <DraftOutcome verdict={verdict} tested={tested} />
        )}
        {tested?.fits && !running ? <Count findings={tested.result.findings} /> : null}
      </div>
      {type.trial ? (
        <div>
          <Button
            busy={running === 'trial'}
            aria-disabled={running !== null || undefined}
            onClick={() => onCheck('trial')}
          >
            {running === 'trial' ? t.trying : type.trial}
          </Button>
        </div>
      ) : null}
      {tested ? (
        <div className="grid grid-cols-1 gap-3">
          {tested.fits ? null : <p className="text-sm text-wait">{t.formerTest}</p>}
          <ConnectionFindings type={type} findings={tested.result.findings} />
        </div>
      ) : null}
    </section>
  );
}

function Count({ findings }: { findings: readonly Finding[] }) {
  const t = useText(text);
  const good = findings.filter(finding => finding.state === 'good').length;
  return <p className="mt-2 text-sm text-quiet">{t.findings.count(good, findings.length)}</p>;
}

/** Result for a draft. */
function DraftOutcome({ verdict, tested }: { verdict: Verdict; tested: Tested | null }) {
  const t = useText(text);
  if (!tested?.fits || (verdict !== 'good' && verdict !== 'bad'))
    return <p className="text-quiet">{t.draftUntested}</p>;
  const { text: sentence, message } = tested.result;
  return (
    <Alert tone={verdict} title={verdict === 'good' ? t.draftGood : t.draftBad}>
      {sentence ? <p>{sentence}</p> : null}
      <p className="text-xs text-quiet">{t.notStored}</p>
      <Details details={message} sentence={sentence} />
    </Alert>
  );
}

/** Result of the present or an earlier test, shown once. */
function Outcome({ connection, details }: { connection: Connection; details: string | undefined }) {
  const t = useText(text);
  const format = useFormat();
  const state = stateOf(connection);
  const at = triedAt(connection);
  const sentence = connectionProblemOf(connection);
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
      <Details details={details} sentence={sentence} />
    </Alert>
  );
}

function Details({
  details,
  sentence,
}: {
  details: string | undefined;
  sentence: string | null | undefined;
}) {
  const t = useText(text);
  if (!details || details === sentence) return null;
  return (
    <details className="text-xs">
      <summary className="text-quiet">{t.details}</summary>
      <p lang="en" className="mt-1.5 font-mono">
        {details}
      </p>
    </details>
  );
}
