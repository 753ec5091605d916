import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';

/** Empty list: one sentence, and one action as the child. */
export function Empty({ sentence, children }: { sentence: string; children?: ReactNode }) {
  return (
    <div className="grid justify-items-center gap-4 rounded-xl border border-dashed border-line-strong/60 px-6 py-14 text-center">
      <p className="max-w-md text-quiet">{sentence}</p>
      {children}
    </div>
  );
}

/** Action for people who cannot fill the list. */
export function ToHome() {
  const t = useShellText();
  return (
    <Button asChild>
      <Link to="/">{t.errors.toHome}</Link>
    </Button>
  );
}
