import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { shownHere } from '@/shell/api/problem';
import { Failure, SteadyCard } from '@/shell/app/list/failure-list';
import { FreshNote } from '@/shell/app/list/fresh-note';
import { useSteadyRows } from '@/shell/app/list/use-steady-rows';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { connectionsQuery } from '../connections/connections';
import { useMailName } from './mail-name';
import { type Queue, type WaitingMail, mailQueueQuery, usePause, useSendWaiting, waitingOf } from './mails';
import { text } from './text';
import { Time } from './time';

/** Mails that wait for their server, and connections that an admin paused. */
export function MailQueue() {
  const t = useText(text);
  const id = useId();
  const format = useFormat();
  const { data, error, refetch } = useQuery({ ...mailQueueQuery, refetchInterval: 30_000 });
  if (!data) return shownHere(error) ? <ProblemAlert cause={error} onRetry={() => void refetch()} /> : null;
  const { count, more, oldest, next } = waitingOf(data);
  return (
    <section aria-labelledby={id} className="grid gap-3">
      <h2 id={id} className="text-base font-semibold">
        {t.waiting(count, more)}
      </h2>
      {oldest ? (
        <p className="text-sm text-quiet">{t.queue(format.ago(oldest), next ? format.since(next) : null)}</p>
      ) : null}
      <Pauses pauses={data.pauses} />
      {data.items.length > 0 ? (
        <>
          <SendNow />
          <Waiting items={data.items} />
        </>
      ) : null}
    </section>
  );
}

const idOf = (mail: WaitingMail) => mail.message_id;

function Waiting({ items }: { items: WaitingMail[] }) {
  const t = useText(text);
  const { rows, gone, fresh, update, place } = useSteadyRows(items, idOf, '');
  return (
    <div {...place}>
      <FreshNote fresh={fresh} update={update} />
      <ul aria-label={t.waitingMails} className="grid gap-3">
        {rows.map(row => (
          <SteadyCard key={row.message_id} gone={gone.has(row.message_id)}>
            <WaitingCard row={row} />
          </SteadyCard>
        ))}
      </ul>
    </div>
  );
}

function SendNow() {
  const t = useText(text);
  const { mutate, isPending, error } = useSendWaiting();
  return (
    <>
      <div>
        <Button busy={isPending} onClick={() => mutate()}>
          {t.sendNow}
        </Button>
      </div>
      {shownHere(error) ? <ProblemAlert cause={error} /> : null}
    </>
  );
}

/** A line per mail connection: sending or paused. */
function Pauses({ pauses }: { pauses: Queue['pauses'] }) {
  const connections = useQuery(connectionsQuery).data ?? [];
  const names = connections.filter(({ capability }) => capability === 'mail').map(({ name }) => name);
  return (
    <ul className="grid gap-2">
      {names.map(name => (
        <Pause key={name} name={name} pause={pauses.find(({ connection }) => connection === name)} />
      ))}
    </ul>
  );
}

function Pause({ name, pause }: { name: string; pause: Queue['pauses'][number] | undefined }) {
  const t = useText(text);
  const format = useFormat();
  const { mutate, isPending, error } = usePause();
  return (
    <li className="grid gap-2">
      <div className="flex flex-wrap items-center gap-3 text-sm">
        <span>{pause ? t.paused(name, format.since(pause.paused_at)) : t.sending(name)}</span>
        <Button
          size="small"
          busy={isPending}
          onClick={() => mutate({ connection: name, to: pause ? 'sending' : 'paused' })}
        >
          {pause ? t.resume : t.pause}
        </Button>
      </div>
      {shownHere(error) ? <ProblemAlert cause={error} /> : null}
    </li>
  );
}

function WaitingCard({ row }: { row: WaitingMail }) {
  const t = useText(text);
  const mailName = useMailName();
  const format = useFormat();
  return (
    <Failure
      heading="h3"
      title={t.to(mailName(row), row.recipient_name ?? t.unknownPerson)}
      sentence={row.error_text}
      facts={[
        { label: t.nextTry, value: row.next_at ? <Time at={row.next_at} /> : t.atOnce },
        { label: t.created, value: <Time at={row.created_at} /> },
        { label: t.attempts, value: format.number(row.attempts) },
      ]}
      details={`${row.plugin} · ${row.template} · ${row.error}`}
      detailsLabel={t.details}
      trace={row.trace_id}
    />
  );
}
