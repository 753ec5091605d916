import { cn } from '@/shell/ui/cn';

interface ChoiceFilterProps<T extends string> {
  label: string;
  /** `undefined` stands for all. */
  value: T | undefined;
  options: { value: T | undefined; label: string }[];
  onChange: (value: T | undefined) => void;
}

/** Filter with a few options side by side, of which one is selected. */
export function ChoiceFilter<T extends string>({ label, value, options, onChange }: ChoiceFilterProps<T>) {
  return (
    <div
      role="group"
      aria-label={label}
      className="flex flex-wrap gap-0.5 rounded-lg bg-sunken p-0.5 inset-ring inset-ring-line"
    >
      {options.map(option => (
        <button
          key={option.value ?? ''}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          className={cn(
            'h-8 rounded-md px-3 text-sm text-quiet transition-colors hover:text-text',
            'aria-pressed:bg-raised aria-pressed:font-medium aria-pressed:text-text aria-pressed:shadow-low',
          )}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
