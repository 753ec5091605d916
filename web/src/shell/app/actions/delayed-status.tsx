import { Undo2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Problem } from '@/shell/api/problem';
import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button, type ButtonProps } from '@/shell/ui/button';
import { problemText } from '../page/problem-text';
import { type DelayedAction, changeDelayed, showsDelayed, takeBack } from './delayed-store';

interface DelayedStatusProps {
  delayed: DelayedAction;
  size: ButtonProps['size'];
}

/** Replaces the buttons of a row while a command is delayed, with a button to undo it. */
export function DelayedStatus({ delayed, size }: DelayedStatusProps) {
  const { id, action, state } = delayed;
  const t = useShellText();
  const back = useRef<HTMLButtonElement>(null);
  // The pressed button is gone: the focus moves to the undo button.
  useEffect(() => {
    back.current?.focus({ preventScroll: true });
    // Scrolls only if the command was given from elsewhere.
    back.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  useEffect(() => showsDelayed(id), [id]);
  const counting = state === 'counting';
  const failed = typeof state === 'object';
  return (
    <div className="flex min-h-9 min-w-0 flex-wrap items-center gap-x-3 gap-y-2">
      <p role="status" className="min-w-0 text-sm font-medium">
        {failed ? <Failed cause={state.failed} /> : null}
        {counting ? <span className="sr-only">{t.delayed.soon(action.title)}</span> : null}
        {counting ? <Countdown due={delayed.due} /> : null}
        {failed || counting ? null : action.title}
      </p>
      {failed && isUndecided(state.failed) ? (
        <Button size={size ?? 'normal'} look="primary" onClick={() => changeDelayed(id, { state: 'due' })}>
          {t.retry}
        </Button>
      ) : null}
      {counting || failed ? (
        <Button
          ref={back}
          size={size ?? 'normal'}
          data-undo={counting || undefined}
          onClick={() => takeBack(id)}
        >
          {counting ? <Undo2 aria-hidden /> : null}
          {counting ? t.delayed.undo : t.close}
        </Button>
      ) : null}
    </div>
  );
}

/** Whether the command was not decided, also because the session had ended. */
const isUndecided = (cause: unknown) => cause instanceof Problem && (cause.undecided || cause.status === 401);

function Failed({ cause }: { cause: unknown }) {
  const t = useShellText();
  const said = cause instanceof Problem ? problemText(cause, t).title : t.errors.unexpected;
  return (
    <span className="text-bad">
      {t.delayed.failed} {said}
    </span>
  );
}

/** Visible countdown, hidden from screen readers, which would announce every second. */
function Countdown({ due }: { due: number }) {
  const t = useShellText().delayed;
  const format = useFormat();
  const left = () => Math.max(0, Math.ceil((due - performance.now()) / 1_000));
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    const timer = setInterval(() => setSeconds(left()), 250);
    return () => clearInterval(timer);
  });
  return (
    <span aria-hidden className="tabular-nums">
      {t.countdown(format.number(seconds))}
    </span>
  );
}
