import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useCallback } from 'react';
import { answerOf, api } from '@/api/client';
import type { paths } from '@/api/schema';
import { may, useSession } from '@/api/session';
import { Empty } from '@/app/list/empty';
import { FilterBar, TextFilter } from '@/app/list/filter-bar';
import { PageHeader } from '@/app/page/page-header';
import { said } from '@/features/requests/step-text';
import { useFormat } from '@/i18n/format';
import { useText } from '@/i18n/use-text';
import { Button } from '@/ui/button';
import { Failure, FailureList, contains } from '../failure-list';
import { mailFailuresRoute } from '../routes';
import { text } from './text';

const mailFailuresQuery = queryOptions({
  queryKey: ['host', 'mail-failures'],
  queryFn: ({ signal }) => answerOf(api.GET('/api/host/mail-failures', { signal })),
  select: answer => answer.items,
});

type Answer = paths['/api/host/mail-failures']['get']['responses'][200]['content']['application/json'];
type MailFailure = Answer['items'][number];

export function MailFailuresPage() {
  const t = useText(text);
  const { q } = mailFailuresRoute.useSearch();
  const navigate = mailFailuresRoute.useNavigate();
  const setQuery = useCallback(
    (query: string | undefined) => void navigate({ search: { q: query }, replace: true }),
    [navigate],
  );
  const rows = useQuery(mailFailuresQuery);
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      <FilterBar>
        <TextFilter value={q} onChange={setQuery} />
      </FilterBar>
      <FailureList
        label={t.title}
        rows={rows}
        rowId={row => row.message_id}
        matches={row =>
          contains(
            q,
            row.recipient_name,
            said(t.mails, row.template),
            row.error_text,
            row.error,
            row.trace_id,
          )
        }
        onClearFilters={() => setQuery(undefined)}
        Card={MailFailureCard}
        empty={
          <Empty sentence={t.empty}>
            <ToConnections />
          </Empty>
        }
      />
    </>
  );
}

function ToConnections() {
  const t = useText(text);
  if (!may(useSession(), 'host.connections')) return null;
  return (
    <Button asChild>
      <Link to="/admin/connections">{t.toConnections}</Link>
    </Button>
  );
}

function MailFailureCard({ row }: { row: MailFailure }) {
  const t = useText(text);
  const format = useFormat();
  const name = row.recipient_name ?? t.unknownPerson;
  return (
    <Failure
      title={t.to(said(t.mails, row.template), name)}
      sentence={row.error_text ?? row.error}
      facts={[
        { label: t.lastTry, value: <Time at={row.updated_at} /> },
        { label: t.created, value: <Time at={row.created_at} /> },
        { label: t.attempts, value: format.number(row.attempts) },
      ]}
      details={`${row.plugin} · ${row.template} · ${row.error}`}
      detailsLabel={t.details}
      trace={row.trace_id}
    />
  );
}

function Time({ at }: { at: string }) {
  const format = useFormat();
  return (
    <time dateTime={at} title={format.exact(at)}>
      {format.since(at)}
    </time>
  );
}
