import { useQueryErrorResetBoundary } from '@tanstack/react-query';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { CircleAlert } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Problem } from '@/shell/api/problem';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';
import { mayRepair, repaired } from './foreign-change';
import { Notice } from './notice';
import { ProblemPage } from './problem-page';

export function RouteError({ error, reset: drawAgain }: ErrorComponentProps) {
  const t = useShellText();
  const { reset } = useQueryErrorResetBoundary();
  const [repairs] = useState(() => mayRepair(error, Date.now()));
  useEffect(() => {
    reset();
    if (!repairs) return;
    repaired(Date.now());
    drawAgain();
  }, [reset, repairs, drawAgain]);
  if (repairs) return null;
  if (error instanceof Problem) return <ProblemPage problem={error} />;
  return (
    <Notice Icon={CircleAlert} title={t.errors.unexpected} lead={<p>{t.errors.unexpectedLead}</p>}>
      <Button look="primary" onClick={() => window.location.reload()}>
        {t.reload}
      </Button>
    </Notice>
  );
}
