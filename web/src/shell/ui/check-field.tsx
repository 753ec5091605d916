import { type ComponentProps, useId } from 'react';

interface CheckFieldProps extends Omit<ComponentProps<'input'>, 'type' | 'id' | 'className'> {
  label: string;
  hint?: string | undefined;
  /** Error of one sentence, in the reader's language. */
  error?: string | undefined;
}

/** Checkbox with label, hint and error, related for screen readers. */
export function CheckField({ label, hint, error, ...control }: CheckFieldProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-3">
      <input
        {...control}
        id={id}
        type="checkbox"
        aria-describedby={hint || error ? `${id}-hint` : undefined}
        aria-invalid={error ? true : undefined}
        className="mt-0.5 size-4.5 shrink-0 accent-accent"
      />
      <div className="grid gap-0.5">
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        {hint || error ? (
          <p id={`${id}-hint`} className="text-xs text-quiet">
            {error ? <span className="text-bad">{error} </span> : null}
            {hint}
          </p>
        ) : null}
      </div>
    </div>
  );
}
