import { Command as Cmdk } from 'cmdk';
import { Search } from 'lucide-react';
import type { ComponentProps } from 'react';
import { cn } from './cn';

export const Command = Cmdk;

export function CommandInput(props: ComponentProps<typeof Cmdk.Input>) {
  return (
    <div className="flex items-center gap-3 rounded-t-[inherit] border-b border-line px-4 focus-within:outline-2 focus-within:-outline-offset-2 focus-within:outline-(--ring)">
      <Search aria-hidden className="size-4 shrink-0 text-quiet" />
      <Cmdk.Input
        className="h-12 w-full bg-transparent text-sm outline-none placeholder:text-faint focus-visible:outline-none"
        {...props}
      />
    </div>
  );
}

export function CommandList(props: ComponentProps<typeof Cmdk.List>) {
  return <Cmdk.List className="max-h-80 overflow-y-auto p-1.5" {...props} />;
}

export function CommandEmpty(props: ComponentProps<typeof Cmdk.Empty>) {
  return <Cmdk.Empty className="px-3 py-8 text-center text-sm text-quiet" {...props} />;
}

export function CommandGroup(props: ComponentProps<typeof Cmdk.Group>) {
  return (
    <Cmdk.Group
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2.5 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-quiet"
      {...props}
    />
  );
}

export function CommandItem({ className, ...props }: ComponentProps<typeof Cmdk.Item>) {
  return (
    <Cmdk.Item
      className={cn(
        'flex min-h-10 cursor-default items-center gap-3 rounded-md px-2.5 text-sm select-none data-[selected=true]:bg-accent-soft data-[selected=true]:text-accent-text [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-quiet',
        className,
      )}
      {...props}
    />
  );
}
