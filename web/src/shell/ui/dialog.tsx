import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { type ComponentProps, type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import { Button } from './button';
import { cn } from './cn';

export const Dialog = Radix.Root;
export const DialogTrigger = Radix.Trigger;
export const DialogClose = Radix.Close;

/** As high as a dialog, so that it also covers the dialog from which another one opens. */
const overlayStyle = 'fixed inset-0 z-50 bg-scrim animate-[appear_140ms_ease-out]';

interface DialogContentProps extends Omit<ComponentProps<typeof Radix.Content>, 'title'> {
  title: string;
  lead?: ReactNode;
  /** Label of the close button; undefined: no button. */
  closeLabel?: string;
}

export function DialogContent({ title, lead, closeLabel, className, children, ...rest }: DialogContentProps) {
  const opener = useRef<Element>(null);
  const remember = useCallback((element: Element | null) => {
    opener.current = element;
  }, []);
  return (
    <Radix.Portal>
      <Radix.Overlay className={overlayStyle} />
      <Radix.Content
        {...(lead ? {} : { 'aria-describedby': undefined })}
        onCloseAutoFocus={event => {
          event.preventDefault();
          focusAgain(opener.current);
        }}
        {...rest}
        className={cn(
          'fixed top-1/2 left-1/2 z-50 grid max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] max-w-lg -translate-x-1/2 -translate-y-1/2',
          'gap-4 overflow-y-auto rounded-xl border border-line bg-raised p-6 shadow-high animate-[appear_140ms_ease-out]',
          className,
        )}
      >
        <RememberFocus remember={remember} />
        <div className="grid gap-1.5 pr-8">
          <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
          {lead ? (
            <Radix.Description asChild>
              <div className="text-sm text-quiet">{lead}</div>
            </Radix.Description>
          ) : null}
        </div>
        {children}
        {closeLabel ? (
          <Radix.Close asChild>
            <Button look="quiet" size="icon" aria-label={closeLabel} className="absolute top-3.5 right-3.5">
              <X aria-hidden />
            </Button>
          </Radix.Close>
        ) : null}
      </Radix.Content>
    </Radix.Portal>
  );
}

/** Remembers the element with the focus, before anything in the dialog takes it. */
function RememberFocus({ remember }: { remember: (element: Element | null) => void }) {
  const [focused] = useState(() => document.activeElement);
  useEffect(() => remember(focused), [remember, focused]);
  return null;
}

/** Moves the focus to the opener of a dialog, or to the page's heading if the opener is gone. */
function focusAgain(opener: Element | null): void {
  const focused = document.activeElement;
  // Another dialog or another page has taken it.
  const place = focused?.closest('[role=dialog], [role=alertdialog], h1');
  if (place && !place.contains(opener)) return;
  if (opener instanceof HTMLElement && opener.isConnected && opener !== document.body) opener.focus();
  else if (!focused || focused === document.body) document.querySelector<HTMLElement>('h1')?.focus();
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap justify-end gap-2 pt-1">{children}</div>;
}

interface SheetContentProps extends Omit<ComponentProps<typeof Radix.Content>, 'title'> {
  title: string;
  closeLabel: string;
}

/** Sheet from the left edge, over the page. */
export function SheetContent({ title, closeLabel, children, ...rest }: SheetContentProps) {
  return (
    <Radix.Portal>
      <Radix.Overlay className={overlayStyle} />
      <Radix.Content
        aria-describedby={undefined}
        {...rest}
        className="fixed inset-y-0 left-0 z-50 flex w-72 max-w-[85vw] flex-col overflow-y-auto border-r border-line bg-surface shadow-high animate-[slide_180ms_ease-out]"
      >
        <Radix.Title className="sr-only">{title}</Radix.Title>
        {children}
        <Radix.Close asChild>
          <Button look="quiet" size="icon" aria-label={closeLabel} className="absolute top-2.5 right-2.5">
            <X aria-hidden />
          </Button>
        </Radix.Close>
      </Radix.Content>
    </Radix.Portal>
  );
}
