import { Link } from '@tanstack/react-router';
import { shownHere } from '@/shell/api/problem';
import { onlyFor } from '@/shell/app/page/only-for';
import { PageHeader } from '@/shell/app/page/page-header';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { FormSkeleton } from '@/shell/app/form/form-skeleton';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { Button } from '@/shell/ui/button';
import { useAllRows, useRow } from '../api';
import { REQUEST } from '../permissions';
import { reviseRoute } from '../requests/routes';
import { ReviseForm } from './revise-form';
import { text } from './text';

export const RevisePage = onlyFor(REQUEST, Page);

function Page() {
  const t = useText(text);
  const { id } = reviseRoute.useParams();
  const request = useRow('requests', id);
  const offerings = useAllRows('offerings', { sort: 'name', limit: 200 });
  const error = request.error ?? offerings.error;
  const action = request.data?.actions.find(one => one.command === 'revise-request');
  const retry = () => void Promise.all([request.refetch(), offerings.refetch()]);
  return (
    <>
      <PageHeader
        title={request.data ? t.title(request.data.vm_name ?? '') : undefined}
        lead={t.lead}
        up={{ to: `/requests/${id}`, label: t.up }}
      />
      {request.data && offerings.data ? (
        action?.permitted && action.allowed ? (
          // The form shows what changes against the revision that it began with.
          <ReviseForm
            key={request.data.revision}
            request={request.data}
            offerings={offerings.data}
            action={action}
          />
        ) : (
          <Impossible id={id} why={action?.why ?? null} />
        )
      ) : shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={retry} />
      ) : (
        <FormSkeleton fields={5} />
      )}
    </>
  );
}

function Impossible({ id, why }: { id: string; why: string | null }) {
  const t = useText(text);
  const format = useFormat();
  return (
    <Alert tone="wait" role="status" title={t.impossible}>
      {why ? <p>{format.sentence(why)}</p> : null}
      <div>
        <Button size="small" asChild>
          <Link to="/requests/$id" params={{ id }}>
            {t.up}
          </Link>
        </Button>
      </div>
    </Alert>
  );
}
