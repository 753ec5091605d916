import { cva, type VariantProps } from 'class-variance-authority';
import { LoaderCircle } from 'lucide-react';
import { Slot } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cn } from './cn';

export const buttonStyle = cva(
  'inline-flex shrink-0 items-center justify-center gap-2 whitespace-nowrap rounded-md font-medium transition-colors print:hidden ' +
    'aria-disabled:cursor-not-allowed aria-disabled:opacity-70 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      look: {
        // A transparent border becomes visible in forced colours, which remove the background.
        primary:
          'border border-transparent bg-accent text-on-accent shadow-low hover:bg-accent-hover aria-disabled:bg-hover aria-disabled:text-quiet aria-disabled:shadow-none',
        secondary:
          'border border-line-strong/50 bg-surface text-text shadow-low hover:bg-hover aria-disabled:bg-transparent aria-disabled:text-quiet aria-disabled:shadow-none',
        quiet: 'text-quiet hover:bg-hover hover:text-text aria-disabled:hover:bg-transparent',
        danger:
          'border border-bad-line bg-surface text-bad hover:bg-bad-soft aria-disabled:border-line aria-disabled:bg-transparent aria-disabled:text-quiet',
        destructive:
          'border border-transparent bg-bad-solid text-on-bad shadow-low hover:opacity-90 aria-disabled:bg-hover aria-disabled:text-quiet aria-disabled:shadow-none',
      },
      size: {
        normal: 'h-9 px-3.5 text-sm',
        small: 'h-8 px-2.5 text-xs',
        large: 'min-h-11 px-5 py-2 text-sm whitespace-normal',
        icon: 'size-9',
      },
    },
    defaultVariants: { look: 'secondary', size: 'normal' },
  },
);

export interface ButtonProps extends ComponentProps<'button'>, VariantProps<typeof buttonStyle> {
  /** Whether the child is the button, such as a link. */
  asChild?: boolean;
  /** Whether the action is in progress, so that a second click is ignored. */
  busy?: boolean;
}

export function Button({
  look,
  size,
  asChild,
  busy,
  className,
  children,
  onClick,
  onKeyDown,
  ...rest
}: ButtonProps) {
  const style = cn(buttonStyle({ look, size }), className);
  if (asChild) {
    return (
      <Slot.Root className={style} onClick={onClick} onKeyDown={onKeyDown} {...rest}>
        {children}
      </Slot.Root>
    );
  }
  // Not `disabled`, because an element without focus cannot explain why it is unavailable.
  const off = busy || rest['aria-disabled'] === true || rest['aria-disabled'] === 'true';
  return (
    <button
      type="button"
      {...rest}
      {...(off ? { 'aria-disabled': true } : {})}
      aria-busy={busy || undefined}
      className={style}
      onKeyDown={event => {
        onKeyDown?.(event);
        // A key that is held down must not press the next button.
        if (event.repeat && (event.key === 'Enter' || event.key === ' ')) event.preventDefault();
      }}
      onClick={event => {
        if (off) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy ? <LoaderCircle aria-hidden className="animate-[spin_900ms_linear_infinite]" /> : null}
      {children}
    </button>
  );
}
