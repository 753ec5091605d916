import { Check, Circle, LoaderCircle, Minus, X } from 'lucide-react';
import { useFormat } from '@/shell/i18n/format';
import { textOfCode } from '@/shell/i18n/text-of-code';
import { useText } from '@/shell/i18n/use-text';
import { cn } from '@/shell/ui/cn';
import { Progress } from '@/shell/ui/progress';
import type { Row } from '../api';
import { type StepProgress, progressOf } from './progress';
import { stepText } from './step-text';
import { text } from './text';

const LOOKS = {
  done: { Icon: Check, style: 'border-good-line bg-good-soft text-good' },
  running: { Icon: LoaderCircle, style: 'border-busy-line bg-busy-soft text-busy' },
  failed: { Icon: X, style: 'border-bad-line bg-bad-soft text-bad' },
  skipped: { Icon: Minus, style: 'border-line text-quiet' },
  open: { Icon: Circle, style: 'border-line text-faint' },
} as const;

interface BuildProgressProps {
  events: Row<'timeline'>[];
  awaitAddress: boolean;
}

/** Steps in vCenter with the progress of the running one. */
export function BuildProgress({ events, awaitAddress }: BuildProgressProps) {
  const t = useText(text).progress;
  return (
    <ol aria-label={t.title} className="grid gap-3 @2xl:grid-cols-5 @2xl:gap-2">
      {progressOf(events, awaitAddress).map(progress => (
        <Step key={progress.step} progress={progress} />
      ))}
    </ol>
  );
}

function Step({ progress: { step, state, percent } }: { progress: StepProgress }) {
  const t = useText(text);
  const format = useFormat();
  const name = textOfCode(useText(stepText).steps, step);
  const { Icon, style } = LOOKS[state];
  return (
    <li
      className="flex items-start gap-3 @2xl:flex-col @2xl:gap-2"
      aria-current={state === 'running' ? 'step' : undefined}
    >
      <span className={cn('grid size-7 shrink-0 place-items-center rounded-full border', style)}>
        <Icon
          aria-hidden
          className={cn(
            'size-3.5',
            state === 'running' && 'animate-[spin_1.1s_linear_infinite]',
            state === 'open' && 'size-2',
          )}
        />
      </span>
      <span className="grid min-w-0 flex-1 content-start gap-1 self-center @2xl:w-full @2xl:self-stretch">
        <span
          className={cn('text-sm', state === 'open' || state === 'skipped' ? 'text-quiet' : 'font-medium')}
        >
          {name}
        </span>
        <span className="text-xs text-quiet">
          {state === 'running' && percent != null
            ? t.progress.percent(format.number(percent))
            : t.progress[state]}
        </span>
        {state === 'running' && percent != null ? (
          <Progress value={percent} label={`${name}: ${t.hero.progress}`} className="max-w-40" />
        ) : null}
      </span>
    </li>
  );
}
