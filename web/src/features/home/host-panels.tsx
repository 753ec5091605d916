import { useQuery } from '@tanstack/react-query';
import { answerOf, api } from '@/api/client';
import { useFormat } from '@/i18n/format';
import { useText } from '@/i18n/use-text';
import { elsewhere } from './elsewhere';
import { Need, Needs } from './needs';
import { text } from './text';

/** The host tells no changes of its own things: look now and then. */
const EVERY = 60_000;

export function BrokenConnections() {
  const t = useText(text).connections;
  const { data, ...rest } = useQuery({
    queryKey: ['host', 'connections'],
    queryFn: ({ signal }) => answerOf(api.GET('/api/host/connections', { signal })),
    refetchInterval: EVERY,
  });
  const broken = data?.items.filter(one => one.last_error || !one.configured);
  return (
    <Needs
      title={t.title}
      empty={t.empty}
      source={{ data: broken, ...rest }}
      all={elsewhere('/admin/connections')}
    >
      {one => (
        <Need
          key={`${one.capability}/${one.name}`}
          link={elsewhere(`/admin/connections/${one.capability}/${one.name}`)}
          name={`${one.capability} / ${one.name}`}
          note={one.configured ? (one.last_error_text ?? one.last_error) : t.missing}
        />
      )}
    </Needs>
  );
}

export function FailedMails() {
  const t = useText(text).mails;
  const format = useFormat();
  const { data, ...rest } = useQuery({
    queryKey: ['host', 'mail-failures'],
    queryFn: ({ signal }) => answerOf(api.GET('/api/host/mail-failures', { signal })),
    refetchInterval: EVERY,
  });
  return (
    <Needs
      title={t.title}
      empty={t.empty}
      source={{ data: data?.items, ...rest }}
      all={elsewhere('/admin/mail-failures')}
    >
      {mail => (
        <Need
          key={mail.message_id}
          name={t.to(mail.recipient_name ?? t.somebody)}
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
      {entry => (
        <Need
          key={entry.id}
          name={<span className="font-mono text-xs">{entry.act}</span>}
          note={entry.actor_name}
          beside={format.ago(entry.at)}
        />
      )}
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
