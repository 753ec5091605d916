import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode, Ref } from 'react';
import type { Tone } from './badge';
import { cn } from './cn';

const LOOKS = {
  wait: { style: 'border-wait-line bg-wait-soft text-wait', Icon: TriangleAlert },
  busy: { style: 'border-busy-line bg-busy-soft text-busy', Icon: Info },
  good: { style: 'border-good-line bg-good-soft text-good', Icon: CircleCheck },
  bad: { style: 'border-bad-line bg-bad-soft text-bad', Icon: CircleAlert },
  idle: { style: 'border-line bg-sunken text-quiet', Icon: Info },
} as const;

interface AlertProps {
  tone: Tone;
  title: ReactNode;
  children?: ReactNode;
  /** `alert` interrupts screen readers, `status` waits, none is read in place. */
  role?: 'alert' | 'status';
  className?: string;
  ref?: Ref<HTMLDivElement>;
}

export function Alert({ tone, title, children, role, className, ref }: AlertProps) {
  const { style, Icon } = LOOKS[tone];
  return (
    <div ref={ref} role={role} className={cn('flex gap-3 rounded-lg border px-4 py-3', style, className)}>
      <Icon aria-hidden className="mt-0.5 size-4.5 shrink-0" />
      <div className="grid min-w-0 flex-1 gap-1">
        <p className="font-semibold">{title}</p>
        {children ? <div className="grid gap-2 text-text">{children}</div> : null}
      </div>
    </div>
  );
}
