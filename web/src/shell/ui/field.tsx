import { CircleAlert } from 'lucide-react';
import { type ReactElement, type ReactNode, cloneElement, useId } from 'react';
import { cn } from './cn';

interface ControlProps {
  id?: string;
  'aria-describedby'?: string | undefined;
  'aria-invalid'?: boolean | undefined;
}

interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** Error of one sentence, in the reader's language. */
  error?: string | undefined;
  /** Input, select or textarea. */
  children: ReactElement<ControlProps>;
  className?: string;
}

/** Control with label, hint and error, related for screen readers. */
export function Field({ label, hint, error, children, className }: FieldProps) {
  const id = useId();
  const describedBy = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ');
  return (
    <div className={cn('grid content-start gap-1.5', className)}>
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      {cloneElement(children, {
        id,
        'aria-describedby': describedBy || undefined,
        'aria-invalid': error ? true : undefined,
      })}
      {error ? (
        <p id={`${id}-error`} className="flex items-start gap-1.5 text-xs text-bad">
          <CircleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
          {error}
        </p>
      ) : null}
      {hint ? (
        <p id={`${id}-hint`} className="text-xs text-quiet">
          {hint}
        </p>
      ) : null}
    </div>
  );
}
