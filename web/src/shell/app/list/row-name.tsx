import { Link, type LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';

/** Name of a row with its link, if there is one, which j and k focus. */
export function RowName({ link, children }: { link: LinkProps | undefined; children: ReactNode }) {
  if (!link) return children;
  return (
    <Link
      {...link}
      className="rounded font-medium text-text after:absolute after:inset-0 hover:text-accent-text focus-visible:outline-offset-4"
    >
      {children}
    </Link>
  );
}
