import { type ReactNode, useId } from 'react';
import { cn } from '@/shell/ui/cn';

interface PanelProps {
  title: string;
  /** Content beside the title, such as a link or a count. */
  beside?: ReactNode;
  children: ReactNode;
  className?: string;
}

/** Section of a page with a heading. */
export function Panel({ title, beside, children, className }: PanelProps) {
  const id = useId();
  return (
    <section
      aria-labelledby={id}
      className={cn('min-w-0 rounded-xl border border-line bg-surface shadow-low', className)}
    >
      <div className="flex min-h-12 items-center justify-between gap-3 border-b border-line px-5 py-2">
        <h2 id={id} className="text-[0.9375rem] font-semibold">
          {title}
        </h2>
        {beside}
      </div>
      {children}
    </section>
  );
}
