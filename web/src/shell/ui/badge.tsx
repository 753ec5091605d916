import { cva, type VariantProps } from 'class-variance-authority';
import type { ComponentProps } from 'react';
import { cn } from './cn';

const badgeStyle = cva(
  'inline-flex max-w-full items-center gap-1.5 rounded-[5px] border px-1.5 py-px text-left text-xs font-medium whitespace-normal ' +
    'before:size-1.5 before:shrink-0 before:rounded-full before:bg-current',
  {
    variants: {
      tone: {
        wait: 'border-wait-line bg-wait-soft text-wait',
        busy: 'border-busy-line bg-busy-soft text-busy before:animate-[breathe_1.8s_ease-in-out_infinite]',
        good: 'border-good-line bg-good-soft text-good',
        bad: 'border-bad-line bg-bad-soft text-bad',
        idle: 'border-line bg-sunken text-quiet',
      },
    },
    defaultVariants: { tone: 'idle' },
  },
);

export type Tone = NonNullable<VariantProps<typeof badgeStyle>['tone']>;

export function Badge({ tone, className, ...rest }: ComponentProps<'span'> & { tone: Tone }) {
  return <span data-badge className={cn(badgeStyle({ tone }), className)} {...rest} />;
}
