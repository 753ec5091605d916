import type { ComponentProps } from 'react';
import { cn } from './cn';

export function Skeleton({ className, ...rest }: ComponentProps<'span'>) {
  return (
    <span
      aria-hidden
      className={cn('block h-3.5 rounded bg-hover animate-[breathe_1.6s_ease-in-out_infinite]', className)}
      {...rest}
    />
  );
}
