import { Link } from '@tanstack/react-router';
import { ChevronLeft } from 'lucide-react';
import type { ReactNode } from 'react';
import { useBrand } from '@/shell/app/brand';
import { Skeleton } from '@/shell/ui/skeleton';

interface PageHeaderProps {
  /** `undefined`: a skeleton while loading. */
  title: string | undefined;
  /** Introduction of one sentence. */
  lead?: ReactNode;
  /** Content beside the title, such as a status. */
  beside?: ReactNode;
  /** Link to the parent list. */
  up?: { to: string; label: string };
  /** Buttons of the page. */
  actions?: ReactNode;
}

/** Header of every page: its only h1, the document's title, and its buttons. */
export function PageHeader({ title, lead, beside, up, actions }: PageHeaderProps) {
  const brand = useBrand();
  return (
    <header className="mb-6 grid gap-2.5">
      <title>{title ? `${title} · ${brand.name}` : brand.name}</title>
      {up ? (
        <Link
          to={up.to}
          className="-ml-1 inline-flex items-center gap-1 justify-self-start rounded px-1 py-0.5 text-sm text-quiet hover:text-text"
        >
          <ChevronLeft aria-hidden className="size-4" />
          {up.label}
        </Link>
      ) : null}
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="grid min-w-0 gap-1.5">
          <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1.5">
            <h1 tabIndex={-1} className="min-w-0 text-[1.625rem] leading-8 font-semibold tracking-[-0.02em]">
              {title ?? <Skeleton className="h-7 w-56" />}
            </h1>
            {beside}
          </div>
          {lead ? <div className="max-w-prose text-quiet">{lead}</div> : null}
        </div>
        {actions ? <div className="flex flex-wrap gap-2">{actions}</div> : null}
      </div>
    </header>
  );
}
