import { X } from 'lucide-react';
import { type ComponentProps, useId, useRef, useState } from 'react';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { cn } from '@/shell/ui/cn';
import { Dialog } from '@/shell/ui/dialog';
import type { Found, PeopleSource } from './people';
import { PersonDialog } from './person-dialog';
import { text } from './text';

interface PersonInputProps extends Omit<ComponentProps<'button'>, 'onChange' | 'value'> {
  label: string;
  /** Name of the chosen person; empty: none. */
  name: string;
  source: PeopleSource;
  /** Called with null if the person is removed; only an optional field has a button for it. */
  onChange: (person: Found | null) => void;
  optional?: boolean;
}

/** Control whose value is a person, chosen in a dialog. */
export function PersonInput({ label, name, source, onChange, optional, ...rest }: PersonInputProps) {
  const t = useText(text);
  const [open, setOpen] = useState(false);
  const dialog = useId();
  const control = useRef<HTMLButtonElement>(null);
  return (
    <div className="flex gap-2">
      <button
        {...rest}
        ref={control}
        type="button"
        role="combobox"
        aria-haspopup="dialog"
        aria-controls={open ? dialog : undefined}
        aria-expanded={open}
        onClick={() => setOpen(true)}
        className={cn(
          'min-h-9 min-w-0 flex-1 rounded-md border border-line-strong/70 bg-surface px-3 py-1.5 text-left text-sm shadow-low transition-colors',
          'wrap-anywhere hover:border-line-strong focus-visible:border-ring focus-visible:outline-offset-0 aria-invalid:border-bad-solid',
          name ? 'text-text' : 'text-quiet',
        )}
      >
        {name || t.choose}
      </button>
      {optional && name ? (
        <Button
          look="quiet"
          size="icon"
          aria-label={t.clear(label)}
          onClick={() => {
            onChange(null);
            // This button disappears, so the focus moves to the control.
            control.current?.focus();
          }}
        >
          <X aria-hidden />
        </Button>
      ) : null}
      <Dialog open={open} onOpenChange={setOpen}>
        {open ? (
          <PersonDialog
            id={dialog}
            title={label}
            source={source}
            onChoose={person => {
              setOpen(false);
              onChange(person);
            }}
          />
        ) : null}
      </Dialog>
    </div>
  );
}
