import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '@/api/client';
import { stateOf, triedAt, troubleOf, useKindName } from '@/features/admin/connections/connection-state';
import { type Connection, connectionsQuery } from '@/features/admin/connections/connections';
import { mailQueueQuery, waitingOf } from '@/features/admin/mail-failures/mails';
import { text as mailText } from '@/features/admin/mail-failures/text';
import { said } from '@/features/requests/step-text';
import { useFormat } from '@/i18n/format';
import { useText } from '@/i18n/use-text';
import { elsewhere } from './elsewhere';
import { Need, Needs } from './needs';
import { text } from './text';

/** The host tells no changes of its own things: look now and then. */
const EVERY = 60_000;

export function BrokenConnections() {
  const t = useText(text).connections;
  const { data, ...rest } = useQuery(connectionsQuery);
  const kindName = useKindName();
  const format = useFormat();
  // Only what is known to work is not worth a line.
  const doubtful = data?.filter(one => stateOf(one) !== 'good');
  return (
    <Needs
      title={t.title}
      empty={data?.length ? t.empty : t.none}
      good={Boolean(data?.length)}
      source={{ data: doubtful, ...rest }}
      all={elsewhere('/admin/connections')}
    >
      {one => (
        <Need
          key={`${one.capability}/${one.name}`}
          link={elsewhere(`/admin/connections/${one.capability}/${one.name}`)}
          name={kindName(one.capability)}
          note={noteOf(one, t, format.ago(triedAt(one)))}
        />
      )}
    </Needs>
  );
}

type Words = (typeof text)['en']['connections'];

function noteOf(one: Connection, t: Words, ago: string): string | null {
  switch (stateOf(one)) {
    case 'missing':
      return t.missing;
    case 'untested':
      return t.untested;
    case 'old':
      return t.worked(ago);
    default:
      return troubleOf(one);
  }
}

export function FailedMails() {
  const t = useText(text).mails;
  const mailNames = useText(mailText).mails;
  const format = useFormat();
  const { data, ...rest } = useQuery({
    queryKey: ['host', 'mail-failures'],
    queryFn: ({ signal }) => answerOf(api.GET('/api/host/mail-failures', { signal })),
    refetchInterval: EVERY,
  });
  const { data: queue } = useQuery({ ...mailQueueQuery, refetchInterval: EVERY });
  const waiting = queue && waitingOf(queue);
  return (
    <Needs
      title={t.title}
      empty={waiting?.count ? t.noneFailed : t.empty}
      good={waiting?.count === 0}
      source={{ data: data?.items, ...rest }}
      all={elsewhere('/admin/mail-failures')}
      first={
        waiting?.count ? (
          <Need
            name={t.waiting(waiting.count, waiting.more)}
            note={
              waiting.oldest &&
              t.queue(format.ago(waiting.oldest), waiting.next ? format.since(waiting.next) : null)
            }
          />
        ) : null
      }
    >
      {mail => (
        <Need
          key={mail.message_id}
          name={t.to(said(mailNames, mail.template), mail.recipient_name ?? t.somebody)}
          note={mail.error_text ?? mail.error}
          beside={format.ago(mail.updated_at)}
        />
      )}
    </Needs>
  );
}

export function LatestAudit() {
  const t = useText(text).audit;
  const format = useFormat();
  const { data, ...rest } = useQuery({
    queryKey: ['host', 'audit', 'latest'],
    queryFn: ({ signal }) => answerOf(api.GET('/api/host/audit', { signal })),
    refetchInterval: EVERY,
  });
  return (
    <Needs title={t.title} empty={t.empty} source={{ data: data?.items, ...rest }} all={elsewhere('/audit')}>
      {entry => <Need key={entry.id} name={entry.sentence} beside={format.ago(entry.at)} />}
    </Needs>
  );
}

export function StuckWorkflows() {
  const t = useText(text).workflows;
  const format = useFormat();
  const { data, ...rest } = useQuery({
    queryKey: ['host', 'workflows'],
    queryFn: ({ signal }) => answerOf(api.GET('/api/host/workflows', { signal })),
    refetchInterval: EVERY,
  });
  const stuck = data?.items.filter(one => one.overdue > 0);
  return (
    <Needs
      title={t.title}
      empty={t.empty}
      good
      source={{ data: stuck, ...rest }}
      all={elsewhere('/operator/workflows')}
    >
      {one => (
        <Need
          key={`${one.plugin}/${one.state}`}
          name={one.plugin}
          beside={t.overdue(format.number(one.overdue))}
        />
      )}
    </Needs>
  );
}

export function Tenants() {
  const t = useText(text).tenants;
  const { data, ...rest } = useQuery({
    queryKey: ['host', 'tenants'],
    queryFn: ({ signal }) => answerOf(api.GET('/api/host/tenants', { signal })),
  });
  return (
    <Needs
      title={t.title}
      empty={t.empty}
      source={{ data: data?.items, ...rest }}
      all={elsewhere('/operator/tenants')}
    >
      {tenant => <Need key={tenant.id} name={tenant.slug} />}
    </Needs>
  );
}
