import { Link } from '@tanstack/react-router';
import { SubmitButton } from '@/shell/app/form/submit-button';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { cn } from '@/shell/ui/cn';
import type { Check } from './connections';
import { text } from './text';
import type { Verdict } from './use-connection-test';

interface ConnectionButtonsProps {
  verdict: Verdict;
  /** Test that runs. */
  running: Check | null;
  busy: boolean;
  /** Whether the person saves, for which a test may run first. */
  saving: boolean;
  onTest: () => void;
  /** Saves without the result of the running test. */
  onSkip: () => void;
}

/** Buttons below the settings, and a sentence about what saving does first. */
export function ConnectionButtons({
  verdict,
  running,
  busy,
  saving,
  onTest,
  onSkip,
}: ConnectionButtonsProps) {
  const t = useText(text);
  const shell = useShellText();
  const isTestedFirst = verdict === 'untested';
  const isWarned = verdict === 'bad' || verdict === 'untestable';
  return (
    <>
      <p
        role="status"
        className={cn('text-right text-sm empty:sr-only', isWarned ? 'text-bad' : 'text-quiet')}
      >
        {busy || verdict === 'stored' ? null : t.before[verdict]}
      </p>
      <div className="flex flex-wrap justify-end gap-2">
        <Button asChild>
          <Link to="/admin/connections">{shell.back}</Link>
        </Button>
        {saving && running ? (
          <Button onClick={onSkip}>{t.saveUntested}</Button>
        ) : (
          <Button busy={running === 'test'} aria-disabled={busy || undefined} onClick={onTest}>
            {running === 'test' ? t.testing : t.test}
          </Button>
        )}
        <SubmitButton busy={busy && saving} refused={null}>
          {isTestedFirst ? t.testAndSave : isWarned ? t.saveAnyway : t.save}
        </SubmitButton>
      </div>
    </>
  );
}
