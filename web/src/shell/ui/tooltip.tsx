import { Tooltip as Radix } from 'radix-ui';
import type { ReactElement, ReactNode } from 'react';

export const TooltipProvider = Radix.Provider;

/** Repeats the trigger's accessible description, which it must have, for people who see it. */
export function Tooltip({ text, children }: { text: ReactNode; children: ReactElement }) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Content
        sideOffset={6}
        collisionPadding={12}
        className="z-50 max-w-72 rounded-md bg-text text-left font-normal whitespace-normal px-2.5 py-1.5 text-xs text-canvas shadow-high animate-[appear_120ms_ease-out]"
      >
        {text}
        <Radix.Arrow className="fill-text" />
      </Radix.Content>
    </Radix.Root>
  );
}
