import { useEffect, useRef } from 'react';
import { type FieldProblem, Problem } from '@/shell/api/problem';
import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { Alert } from '@/shell/ui/alert';
import { Button } from '@/shell/ui/button';
import { CopyButton } from './copy-button';
import { problemText } from './problem-text';

interface ProblemAlertProps {
  /** Cause; anything but a `Problem` is a bug of the client. */
  cause: unknown;
  /** Errors of the problem that are shown nowhere else. */
  fields?: FieldProblem[];
  onRetry?: () => void;
}

const NONE: FieldProblem[] = [];

/** Alert for an error that belongs to no field. */
export function ProblemAlert({ cause, fields = NONE, onRetry }: ProblemAlertProps) {
  const t = useShellText();
  const alert = useRef<HTMLDivElement>(null);
  // Scrolls into view, because below the fold the failure would be missed.
  useEffect(() => {
    alert.current?.scrollIntoView?.({ block: 'nearest' });
  }, [cause]);
  const format = useFormat();
  if (!cause) return null;
  const problem = cause instanceof Problem ? cause : null;
  const { title, detail } = problem
    ? problemText(problem, t)
    : { title: t.errors.unexpected, detail: t.errors.unexpectedLead };
  return (
    <Alert ref={alert} tone="bad" role="alert" title={format.sentence(title) ?? title}>
      {detail ? <p>{format.sentence(detail)}</p> : null}
      {fields.length > 0 ? (
        <div>
          <p>{t.errors.unknownField}</p>
          <ul className="list-disc pl-5">
            {fields.map(field => (
              <li key={`${field.pointer} ${field.code}`}>{format.sentence(field.message)}</li>
            ))}
          </ul>
        </div>
      ) : null}
      {problem?.traceId && problem.status >= 500 ? <Trace id={problem.traceId} /> : null}
      {onRetry ? (
        <div>
          <Button size="small" onClick={onRetry}>
            {t.retry}
          </Button>
        </div>
      ) : null}
    </Alert>
  );
}

/** Trace id, for the person who investigates. */
export function Trace({ id }: { id: string }) {
  const t = useShellText();
  return (
    <p className="flex flex-wrap items-center gap-x-2 text-xs text-quiet">
      {t.errors.trace}
      <code className="font-mono text-text">{id}</code>
      <CopyButton text={id} what={t.errors.trace} />
    </p>
  );
}
