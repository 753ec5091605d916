import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { shownHere } from '@/shell/api/problem';
import { onlyFor } from '@/shell/app/page/only-for';
import { PageHeader } from '@/shell/app/page/page-header';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { draftsQuery } from '@/shell/features/drafts/drafts';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { Button } from '@/shell/ui/button';
import { Skeleton } from '@/shell/ui/skeleton';
import { useRow } from '../api';
import { REQUEST } from '../permissions';
import { RequestForm } from './request-form';
import { requestFormRoute } from './routes';
import { text } from './text';

export const RequestFormPage = onlyFor(REQUEST, Page);

function Page() {
  const t = useText(text);
  const { offering: key } = requestFormRoute.useParams();
  const { from, draft: draftId } = requestFormRoute.useSearch();
  const offering = useRow('offerings', key);
  // Former request whose values a new one starts with; the form starts empty if it cannot be read.
  const former = useRow('requests', from ?? '', { enabled: from !== undefined, throwOnError: false });
  const drafts = useQuery({ ...draftsQuery, enabled: draftId !== undefined, throwOnError: false });
  const draft = drafts.data?.find(({ id }) => id === draftId);
  const ready = offering.data && (!from || former.isFetched) && (!draftId || drafts.data);
  const error = offering.error ?? drafts.error;
  return (
    <>
      <PageHeader
        title={offering.data ? t.form.title(offering.data.name ?? key) : undefined}
        lead={t.form.lead}
        up={{ to: '/catalogue', label: t.title }}
      />
      {offering.data?.active === false ? (
        <Alert tone="wait" role="status" title={t.form.inactive} className="mb-6">
          <div>
            <Button size="small" asChild>
              <Link to="/catalogue">{t.form.others}</Link>
            </Button>
          </div>
        </Alert>
      ) : null}
      {draftId && drafts.data && !draft ? (
        <Alert tone="wait" role="status" title={t.drafts.gone} className="mb-6">
          <p>{t.drafts.goneLead}</p>
        </Alert>
      ) : null}
      {ready && offering.data ? (
        <RequestForm key={key} offering={offering.data} former={former.data} draft={draft} />
      ) : shownHere(error) ? (
        <ProblemAlert
          cause={error}
          onRetry={() => void (offering.error ? offering.refetch() : drafts.refetch())}
        />
      ) : (
        <div className="grid max-w-xl gap-5">
          <Skeleton className="h-9" />
          <Skeleton className="h-9" />
          <Skeleton className="h-28" />
        </div>
      )}
    </>
  );
}
