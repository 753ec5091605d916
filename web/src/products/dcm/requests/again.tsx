import { Link } from '@tanstack/react-router';
import { useSession } from '@/shell/api/session';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import type { Row } from '../api';
import { isDecommission } from './kind';
import { text } from './text';

type Request = Row<'requests'>;

interface AgainProps {
  request: Request;
  /** Whether the link is in a row of a list, so that its name says which request it repeats. */
  inRow?: boolean;
}

/** Link for the requester to a new request with the values of this one. */
export function Again({ request, inRow = false }: AgainProps) {
  const t = useText(text).hero;
  const session = useSession();
  if (!isRepeatable(request, session.actor)) return null;
  return (
    <Button
      asChild
      size={inRow ? 'small' : 'normal'}
      // Above the row's link, which covers the row.
      className={inRow ? 'relative z-10' : 'justify-self-start'}
    >
      <Link
        to="/catalogue/$offering"
        params={{ offering: request.offering ?? '' }}
        search={{ from: request.key }}
        aria-label={inRow ? `${t.again}: ${request.vm_name}` : undefined}
      >
        {t.again}
      </Link>
    </Button>
  );
}

/** Whether the person can request the same machine again. */
function isRepeatable(request: Request, actor: string): boolean {
  return request.requester_id === actor && Boolean(request.offering) && !isDecommission(request);
}

/** Whether a list offers the person to request again: the request ended without a machine. */
export function isOfferedAgain(request: Request, actor: string): boolean {
  const isWithoutVm = request.terminal === true && request.status !== 'fulfilled';
  return isWithoutVm && isRepeatable(request, actor);
}
