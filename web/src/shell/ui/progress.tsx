import { Progress as Radix } from 'radix-ui';
import { cn } from './cn';

export function Progress({ value, label, className }: { value: number; label: string; className?: string }) {
  return (
    <Radix.Root
      value={value}
      aria-label={label}
      className={cn('h-1.5 w-full overflow-hidden rounded-full bg-busy-line/50', className)}
    >
      <Radix.Indicator
        className="h-full rounded-full bg-busy transition-[width] duration-500"
        style={{ width: `${value}%` }}
      />
    </Radix.Root>
  );
}
