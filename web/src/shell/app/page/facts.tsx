import type { ReactNode } from 'react';
import { Skeleton } from '@/shell/ui/skeleton';

export interface Fact {
  label: string;
  /** `undefined`: loading. `null`: the line is omitted. */
  value: ReactNode | undefined;
}

/** Names and values, one line each. */
export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <dl className="divide-y divide-line px-5 text-sm">
      {facts
        .filter(({ value }) => value !== null)
        .map(({ label, value }) => (
          <div key={label} className="grid grid-cols-[minmax(0,9rem)_minmax(0,1fr)] gap-4 py-2.5">
            <dt className="text-quiet">{label}</dt>
            <dd className="min-w-0">{value === undefined ? <Skeleton className="mt-1 w-28" /> : value}</dd>
          </div>
        ))}
    </dl>
  );
}
