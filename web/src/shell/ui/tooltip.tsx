import { Tooltip as Radix } from 'radix-ui';
import type { ReactElement, ReactNode } from 'react';

export const TooltipProvider = Radix.Provider;

/** Says again what the trigger says by itself to those who do not see it: give that one an accessible description. */
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
