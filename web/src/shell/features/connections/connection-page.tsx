import { useQuery } from '@tanstack/react-query';
import { shownHere } from '@/shell/api/problem';
import { NotFoundPage } from '@/shell/app/page/not-found-page';
import { PageHeader } from '@/shell/app/page/page-header';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useText } from '@/shell/i18n/use-text';
import { FormSkeleton } from '@/shell/app/form/form-skeleton';
import { connectionRoute } from './routes';
import { ConnectionForm } from './connection-form';
import { ConnectionBadge } from './connection-state';
import { type ConnectionType, connectionTypesQuery } from './connection-types';
import { connectionQuery } from './connections';
import { RemoveConnection } from './remove-connection';
import { text } from './text';

export function ConnectionPage() {
  const { capability, name } = connectionRoute.useParams();
  const { data: types, error, refetch } = useQuery(connectionTypesQuery);
  if (!types) {
    return shownHere(error) ? (
      <ProblemAlert cause={error} onRetry={() => void refetch()} />
    ) : (
      <FormSkeleton fields={7} />
    );
  }
  const type = types.find(one => one.capability === capability);
  if (!type) return <NotFoundPage />;
  return <Known key={`${capability}/${name}`} type={type} name={name} />;
}

function Known({ type, name }: { type: ConnectionType; name: string }) {
  const t = useText(text);
  const { data: connection, error, refetch } = useQuery(connectionQuery(type.capability, name));
  return (
    <>
      <PageHeader
        title={type.name}
        lead={type.lead}
        beside={connection ? <ConnectionBadge connection={connection} /> : null}
        up={{ to: '/admin/connections', label: t.title }}
        actions={connection?.configured ? <RemoveConnection type={type} connection={connection} /> : null}
      />
      {connection ? (
        <ConnectionForm type={type} connection={connection} />
      ) : shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : (
        <FormSkeleton fields={7} />
      )}
    </>
  );
}
