import { useQueryClient } from '@tanstack/react-query';
import type { ComponentProps } from 'react';
import { checkSession } from '@/shell/api/session';

interface DownloadLinkProps extends Omit<ComponentProps<'a'>, 'onClick' | 'download'> {
  href: string;
}

/**
 * Download link that checks the session first, because a link cannot send the page's actor in a
 * header as other requests do.
 */
export function DownloadLink({ href, children, ...rest }: DownloadLinkProps) {
  const client = useQueryClient();
  const follow = async () => {
    if (!(await checkSession(client))) return;
    // A download that fails must not replace the page.
    const link = document.createElement('a');
    link.href = href;
    link.download = '';
    link.click();
  };
  return (
    <a
      {...rest}
      href={href}
      download
      onClick={event => {
        event.preventDefault();
        void follow();
      }}
    >
      {children}
    </a>
  );
}
