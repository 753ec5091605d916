import { useQueryClient } from '@tanstack/react-query';
import type { ComponentProps } from 'react';
import { checkSession } from '@/api/session';

interface DownloadLinkProps extends Omit<ComponentProps<'a'>, 'onClick' | 'download'> {
  href: string;
}

/** A link cannot say for whom its page was drawn, as requests do: so it is asked whose session it is before it is followed. */
export function DownloadLink({ href, children, ...rest }: DownloadLinkProps) {
  const client = useQueryClient();
  const follow = async () => {
    if (await checkSession(client)) window.location.assign(href);
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
