import type { ReactNode } from 'react';

interface DetailProps {
  label: string;
  strong?: boolean;
  children: ReactNode;
}

/** Fact of a request with its label, as an item of a description list. */
export function Detail({ label, strong, children }: DetailProps) {
  return (
    <div className="grid content-start gap-0.5">
      <dt className="text-xs text-quiet">{label}</dt>
      <dd className={strong ? 'text-base font-semibold' : ''}>{children}</dd>
    </div>
  );
}
