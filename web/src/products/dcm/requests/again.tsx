import { Link } from '@tanstack/react-router';
import { useSession } from '@/shell/api/session';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import type { Row } from '../api';
import { isDecommission } from './kind';
import { text } from './text';

/** Link for the requester to a new request with the values of this one. */
export function Again({ request }: { request: Row<'requests'> }) {
  const t = useText(text).hero;
  const session = useSession();
  if (request.requester_id !== session.actor || !request.offering || isDecommission(request)) return null;
  return (
    <Button asChild className="justify-self-start">
      <Link to="/catalogue/$offering" params={{ offering: request.offering }} search={{ from: request.key }}>
        {t.again}
      </Link>
    </Button>
  );
}
