import { useQuery } from '@tanstack/react-query';
import { shownHere } from '@/shell/api/problem';
import { NotFoundPage } from '@/shell/app/page/not-found-page';
import { PageHeader } from '@/shell/app/page/page-header';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useText } from '@/shell/i18n/use-text';
import { FormSkeleton } from '@/shell/app/form/form-skeleton';
import { connectionRoute } from './routes';
import { ConnectionForm } from './connection-form';
import { type Capability, isCapability } from './connection-kinds';
import { ConnectionBadge } from './connection-state';
import { connectionQuery } from './connections';
import { RemoveConnection } from './remove-connection';
import { text } from './text';

export function ConnectionPage() {
  const { capability, name } = connectionRoute.useParams();
  if (!isCapability(capability)) return <NotFoundPage />;
  return <Known key={`${capability}/${name}`} capability={capability} name={name} />;
}

function Known({ capability, name }: { capability: Capability; name: string }) {
  const t = useText(text);
  const { data: connection, error, refetch } = useQuery(connectionQuery(capability, name));
  return (
    <>
      <PageHeader
        title={t.kinds[capability]}
        lead={t.kindLeads[capability]}
        beside={connection ? <ConnectionBadge connection={connection} /> : null}
        up={{ to: '/admin/connections', label: t.title }}
        actions={
          connection?.configured ? <RemoveConnection capability={capability} connection={connection} /> : null
        }
      />
      {connection ? (
        <ConnectionForm capability={capability} connection={connection} />
      ) : shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : (
        <FormSkeleton fields={7} />
      )}
    </>
  );
}
