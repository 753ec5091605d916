import type { ComponentProps } from 'react';
import { cn } from './cn';

const controlStyle =
  'w-full rounded-md border border-line-strong/70 bg-surface px-3 text-sm text-text shadow-low transition-colors ' +
  'placeholder:text-faint hover:border-line-strong aria-invalid:border-bad-solid ' +
  'focus-visible:border-ring focus-visible:outline-offset-0';

export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return <input className={cn(controlStyle, 'h-9', className)} {...rest} />;
}

/**
 * Text area without browser extensions that correct text, since they insert elements that React
 * does not know.
 */
export function Textarea({ className, ...rest }: ComponentProps<'textarea'>) {
  return (
    <textarea
      data-gramm="false"
      data-lt-active="false"
      className={cn(controlStyle, 'min-h-24 resize-y py-2', className)}
      {...rest}
    />
  );
}

/** Native select, best for telephones, keyboards and screen readers. */
export function Select({ className, ...rest }: ComponentProps<'select'>) {
  return <select className={cn(controlStyle, 'h-9 pr-8', className)} {...rest} />;
}
