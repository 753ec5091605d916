import { Link } from '@tanstack/react-router';
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { useBrand } from '@/shell/app/brand';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';

interface NoticeProps {
  Icon: LucideIcon;
  title: string;
  lead: ReactNode;
  children?: ReactNode;
}

/** Page without data, with a message and links. */
export function Notice({ Icon, title, lead, children }: NoticeProps) {
  const t = useShellText();
  const brand = useBrand();
  return (
    <div className="grid max-w-xl gap-5 py-10">
      <title>{`${title} · ${brand.name}`}</title>
      <span className="grid size-12 place-items-center rounded-xl border border-line bg-surface text-quiet shadow-low">
        <Icon aria-hidden className="size-5" />
      </span>
      <div className="grid gap-2">
        <h1 tabIndex={-1} className="text-2xl font-semibold">
          {title}
        </h1>
        <div className="grid gap-2 text-quiet">{lead}</div>
      </div>
      <div className="flex flex-wrap gap-2">
        {children}
        <Button asChild>
          <Link to="/">{t.errors.toHome}</Link>
        </Button>
      </div>
    </div>
  );
}
