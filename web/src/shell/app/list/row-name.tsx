import { Link, type LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';

/** The name of a row: its link, if it has one, which j and k lead to. */
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
