import { Check } from 'lucide-react';
import { DropdownMenu as Radix } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cn } from './cn';

export const MenuTrigger = Radix.Trigger;
export const MenuRadioGroup = Radix.RadioGroup;

const itemStyle =
  'relative flex min-h-9 cursor-default items-center gap-2 rounded-md px-2.5 py-1.5 text-sm outline-none select-none ' +
  'data-highlighted:bg-hover [&_svg]:size-4 [&_svg]:text-quiet';

/** Not modal: the page stays readable, and a click outside takes effect. */
export function Menu(props: ComponentProps<typeof Radix.Root>) {
  return <Radix.Root modal={false} {...props} />;
}

/**
 * Rendered in place and not at the end of the page, so that it belongs to its landmark or sheet.
 */
export function MenuContent({ className, ...rest }: ComponentProps<typeof Radix.Content>) {
  return (
    <Radix.Content
      sideOffset={6}
      collisionPadding={12}
      className={cn(
        'z-50 max-w-80 min-w-52 rounded-lg border border-line bg-raised p-1 shadow-high animate-[appear_120ms_ease-out]',
        className,
      )}
      {...rest}
    />
  );
}

export function MenuItem({ className, ...rest }: ComponentProps<typeof Radix.Item>) {
  return <Radix.Item className={cn(itemStyle, className)} {...rest} />;
}

export function MenuRadioItem({ children, ...rest }: ComponentProps<typeof Radix.RadioItem>) {
  return (
    <Radix.RadioItem className={cn(itemStyle, 'pl-8')} {...rest}>
      <Radix.ItemIndicator className="absolute left-2.5">
        <Check aria-hidden />
      </Radix.ItemIndicator>
      {children}
    </Radix.RadioItem>
  );
}

export function MenuLabel(props: ComponentProps<typeof Radix.Label>) {
  return <Radix.Label className="px-2.5 pt-2 pb-1 text-xs font-medium text-quiet" {...props} />;
}

export function MenuSeparator() {
  return <Radix.Separator className="my-1 h-px bg-line" />;
}
