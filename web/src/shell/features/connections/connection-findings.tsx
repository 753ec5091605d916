import { CircleAlert, CircleCheck, CircleDashed } from 'lucide-react';
import { Fragment, useId } from 'react';
import { useText } from '@/shell/i18n/use-text';
import { cn } from '@/shell/ui/cn';
import type { ConnectionType } from './connection-types';
import type { Finding } from './connections';
import { text } from './text';

const LOOKS = {
  good: { style: 'text-good', Icon: CircleCheck },
  bad: { style: 'text-bad', Icon: CircleAlert },
  untested: { style: 'text-quiet', Icon: CircleDashed },
} as const;

/**
 * Requirements of the connection with their results: a word beside each icon, since colour alone is
 * not accessible.
 */
export function ConnectionFindings({
  type,
  findings,
}: {
  type: ConnectionType;
  findings: readonly Finding[];
}) {
  const t = useText(text);
  const nameOf = (name: string) =>
    [...type.fields, ...type.findings].find(one => one.name === name)?.label ?? name;
  const of = (kind: Finding['kind']) => findings.filter(finding => finding.kind === kind);
  return (
    <div className="grid grid-cols-1 gap-4">
      <Findings title={t.findings.settings} nameOf={nameOf} findings={of('setting')} />
      <Findings title={t.findings.privileges} nameOf={nameOf} findings={of('privilege')} />
    </div>
  );
}

interface FindingsProps {
  title: string;
  findings: readonly Finding[];
  nameOf: (name: string) => string;
}

function Findings({ title, findings, nameOf }: FindingsProps) {
  const id = useId();
  if (findings.length === 0) return null;
  return (
    <section aria-labelledby={id} className="grid grid-cols-1 gap-2">
      <h3 id={id} className="text-sm font-semibold">
        {title}
      </h3>
      <ul className="grid grid-cols-1 gap-1.5">
        {findings.map(finding => (
          <Line key={`${finding.kind} ${finding.name}`} finding={finding} nameOf={nameOf} />
        ))}
      </ul>
    </section>
  );
}

/** Id that wraps after a dot. */
function Id({ id }: { id: string }) {
  const parts = id.split('.');
  return parts.map((part, at) => (
    <Fragment key={part}>
      {part}
      {at < parts.length - 1 ? (
        <>
          .<wbr />
        </>
      ) : null}
    </Fragment>
  ));
}

function Line({ finding, nameOf }: { finding: Finding; nameOf: FindingsProps['nameOf'] }) {
  const t = useText(text);
  const { kind, name, subject, state, text: sentence, message } = finding;
  const { style, Icon } = LOOKS[state];
  return (
    <li className="flex gap-2 text-sm">
      <Icon aria-hidden className={cn('mt-0.5 size-4 shrink-0', style)} />
      <div className="grid min-w-0 flex-1 gap-0.5">
        <p className="flex items-baseline justify-between gap-3">
          <span className={cn('min-w-0 wrap-anywhere', kind === 'privilege' && 'font-mono text-xs')}>
            {kind === 'privilege' ? <Id id={name} /> : nameOf(name)}
          </span>
          <span className={cn('shrink-0 text-xs', style)}>{t.findings.states[kind][state]}</span>
        </p>
        {subject ? <p className="text-xs wrap-anywhere text-quiet">{subject}</p> : null}
        {state === 'bad' && kind === 'setting' ? <p className="text-xs">{sentence}</p> : null}
        {state === 'bad' && message && message !== sentence ? (
          <p lang="en" className="font-mono text-xs wrap-anywhere text-quiet">
            {message}
          </p>
        ) : null}
      </div>
    </li>
  );
}
