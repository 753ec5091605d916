import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '@/shell/api/client';
import { Need, Needs } from '@/shell/app/page/needs';
import { asLink } from '@/shell/app/product';
import { stateOf, triedAt, connectionProblemOf } from '@/shell/features/connections/connection-state';
import { useMissingGrants } from '@/shell/features/connections/use-missing-grants';
import { useKindName } from '@/shell/features/connections/connection-types';
import { type Connection, connectionsQuery } from '@/shell/features/connections/connections';
import { mailQueueQuery, waitingOf } from '@/shell/features/mail-failures/mails';
import { useMailName } from '@/shell/features/mail-failures/mail-name';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { text } from './text';

/** Polling interval in milliseconds, since the host's own data has no live updates. */
const EVERY = 60_000;

export function BrokenConnections() {
  const t = useText(text).connections;
  const { data, ...rest } = useQuery(connectionsQuery);
  const kindName = useKindName();
  const format = useFormat();
  // Connections that are known to work are omitted.
  const doubtful = data?.filter(one => stateOf(one) !== 'good');
  return (
    <Needs
      title={t.title}
      empty={data?.length ? t.empty : t.none}
      good={Boolean(data?.length)}
      source={{ data: doubtful, ...rest }}
      all={asLink({ to: '/admin/connections' })}
    >
      {one => (
        <Need
          key={`${one.capability}/${one.name}`}
          link={asLink({ to: `/admin/connections/${one.capability}/${one.name}` })}
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
      return connectionProblemOf(one);
  }
}

export function MissingGrants() {
  const t = useText(text).grants;
  return (
    <Needs
      title={t.title}
      empty={t.empty}
      good
      source={useMissingGrants()}
      all={asLink({ to: '/admin/connections' })}
    >
      {({ name, of, sentence }) => <Need key={`${name} ${of}`} name={sentence} note={t.note} />}
    </Needs>
  );
}

export function FailedMails() {
  const t = useText(text).mails;
  const mailName = useMailName();
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
      all={asLink({ to: '/admin/mail-failures' })}
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
          name={t.to(mailName(mail), mail.recipient_name ?? t.somebody)}
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
    <Needs
      title={t.title}
      empty={t.empty}
      source={{ data: data?.items, ...rest }}
      all={asLink({ to: '/audit' })}
    >
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
      all={asLink({ to: '/operator/workflows' })}
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
      all={asLink({ to: '/operator/tenants' })}
    >
      {({ id, slug, missing_grants: missing }) => (
        <Need
          key={id}
          link={asLink({ to: `/operator/tenants/${slug}` })}
          name={slug}
          note={missing > 0 ? t.missing(missing) : null}
        />
      )}
    </Needs>
  );
}
