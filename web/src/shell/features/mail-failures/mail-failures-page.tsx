import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useCallback } from 'react';
import { shownHere } from '@/shell/api/problem';
import { may, useSession } from '@/shell/api/session';
import { Empty } from '@/shell/app/list/empty';
import { Failure, FailureList, contains } from '@/shell/app/list/failure-list';
import { FilterBar, TextFilter } from '@/shell/app/list/filter-bar';
import { PageHeader } from '@/shell/app/page/page-header';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { useMailName } from './mail-name';
import { MailQueue } from './mail-queue';
import { type MailFailure, mailFailuresQuery, useSendAgain } from './mails';
import { mailFailuresRoute } from './routes';
import { text } from './text';
import { Time } from './time';

export function MailFailuresPage() {
  const t = useText(text);
  const mailName = useMailName();
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
      {may(useSession(), 'host.connections') ? (
        <div className="mb-9">
          <MailQueue />
        </div>
      ) : null}
      <h2 className="mb-3 text-base font-semibold">{t.failed}</h2>
      <FilterBar>
        <TextFilter value={q} onChange={setQuery} />
      </FilterBar>
      <FailureList
        label={t.title}
        rows={rows}
        rowId={row => row.message_id}
        matches={row =>
          contains(q, row.recipient_name, mailName(row), row.error_text, row.error, row.trace_id)
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
  const mailName = useMailName();
  const format = useFormat();
  const name = row.recipient_name ?? t.unknownPerson;
  const { mutate, isPending, error, data } = useSendAgain();
  return (
    <Failure
      heading="h3"
      title={t.to(mailName(row), name)}
      sentence={
        <>
          <p>{row.error_text}</p>
          {data?.error_text && data.error !== row.error ? <p role="status">{data.error_text}</p> : null}
          {shownHere(error) ? <ProblemAlert cause={error} /> : null}
        </>
      }
      facts={[
        { label: t.lastTry, value: <Time at={row.updated_at} /> },
        { label: t.created, value: <Time at={row.created_at} /> },
        { label: t.attempts, value: format.number(row.attempts) },
      ]}
      details={`${row.plugin} · ${row.template} · ${row.error}`}
      detailsLabel={t.details}
      trace={row.trace_id}
      actions={
        <Button size="small" busy={isPending} onClick={() => mutate(row.message_id)}>
          {isPending ? t.sendingAgain : t.sendAgain}
        </Button>
      }
    />
  );
}
