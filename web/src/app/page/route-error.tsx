import { useQueryErrorResetBoundary } from '@tanstack/react-query';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { CircleAlert } from 'lucide-react';
import { useEffect } from 'react';
import { Problem } from '@/api/problem';
import { useShellText } from '@/i18n/shell-text';
import { Button } from '@/ui/button';
import { Notice } from './notice';
import { ProblemPage } from './problem-page';

export function RouteError({ error }: ErrorComponentProps) {
  const t = useShellText();
  const { reset } = useQueryErrorResetBoundary();
  useEffect(() => {
    reset();
  }, [reset]);
  if (error instanceof Problem) return <ProblemPage problem={error} />;
  return (
    <Notice Icon={CircleAlert} title={t.errors.unexpected} lead={<p>{t.errors.unexpectedLead}</p>}>
      <Button look="primary" onClick={() => window.location.reload()}>
        {t.reload}
      </Button>
    </Notice>
  );
}
