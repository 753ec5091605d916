import { CircleAlert, Lock } from 'lucide-react';
import type { Problem } from '@/shell/api/problem';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';
import { NotFoundPage } from './not-found-page';
import { Notice } from './notice';
import { Trace } from './problem-alert';
import { problemText } from './problem-text';

/** Page for a resource that could not be shown, with the host's message and links. */
export function ProblemPage({ problem }: { problem: Problem }) {
  const t = useShellText();
  if (problem.status === 404) return <NotFoundPage />;
  const { title, detail } = problemText(problem, t);
  if (problem.status === 403) {
    return (
      <Notice
        Icon={Lock}
        title={t.errors.forbidden}
        lead={<p>{detail || title || t.errors.forbiddenLead}</p>}
      />
    );
  }
  return (
    <Notice
      Icon={CircleAlert}
      title={title}
      lead={
        <>
          <p>{detail}</p>
          {problem.traceId ? <Trace id={problem.traceId} /> : null}
        </>
      }
    >
      <Button look="primary" onClick={() => window.location.reload()}>
        {t.reload}
      </Button>
    </Notice>
  );
}
