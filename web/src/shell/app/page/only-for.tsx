import { Lock } from 'lucide-react';
import type { FunctionComponent } from 'react';
import { may, useSession } from '@/shell/api/session';
import { useShellText } from '@/shell/i18n/shell-text';
import { Notice } from './notice';

/**
 * Restricts a page to people with one of the permissions. Others, who may read parts of its data,
 * get an explanation.
 */
export function onlyFor(permissions: string | string[], Page: FunctionComponent): FunctionComponent {
  return function OnlyFor() {
    return may(useSession(), ...[permissions].flat()) ? <Page /> : <ForbiddenPage />;
  };
}

function ForbiddenPage() {
  const t = useShellText().errors;
  return <Notice Icon={Lock} title={t.forbidden} lead={<p>{t.forbiddenLead}</p>} />;
}
