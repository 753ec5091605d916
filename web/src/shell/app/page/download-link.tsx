import { useQueryClient } from '@tanstack/react-query';
import type { ComponentProps } from 'react';
import { checkSession } from '@/shell/api/session';

interface DownloadLinkProps extends Omit<ComponentProps<'a'>, 'onClick' | 'download'> {
  href: string;
}

/** A link cannot say for whom its page was drawn, as requests do: so it is asked whose session it is before it is followed. */
export function DownloadLink({ href, children, ...rest }: DownloadLinkProps) {
  const client = useQueryClient();
  const follow = async () => {
    if (!(await checkSession(client))) return;
    // A page of its own would be left for the answer, were that an error.
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
