import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { shownHere } from '@/shell/api/problem';
import { CopyButton } from '@/shell/app/page/copy-button';
import { Panel } from '@/shell/app/page/panel';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Badge, type Tone } from '@/shell/ui/badge';
import { Button } from '@/shell/ui/button';
import { toast } from '@/shell/ui/toast';
import { type Invitation, invitationsQuery, useInvitationChanges } from './invitations';
import { text } from './text';
import { useRoleName } from './role-names';
import { WithdrawInvitation } from './withdraw-invitation';

/** Open invitations, if there are any. */
export function InvitationsPanel() {
  const { invitations: t } = useText(text);
  const { data, error, refetch } = useQuery(invitationsQuery);
  if (shownHere(error) && !data) return <ProblemAlert cause={error} onRetry={() => void refetch()} />;
  if (!data || data.length === 0) return null;
  return (
    <Panel title={t.title} className="mb-5">
      <ul aria-label={t.title} className="divide-y divide-line">
        {data.map(invitation => (
          <li key={invitation.id} className="flex flex-wrap items-start justify-between gap-3 px-5 py-3">
            <Described invitation={invitation} />
            <Actions invitation={invitation} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Described({ invitation }: { invitation: Invitation }) {
  const { invitations: t } = useText(text);
  const format = useFormat();
  const roleName = useRoleName();
  const { email, roles, invited_by: by, mail, expired } = invitation;
  const [tone, state] = mailState(invitation, t);
  const until = format.dateTime(invitation.expires_at);
  return (
    <div className="grid min-w-0 gap-1">
      <span className="flex flex-wrap items-center gap-2">
        <span className="font-medium wrap-anywhere">{email}</span>
        <Badge tone={expired ? 'idle' : tone}>{expired ? t.expired : state}</Badge>
      </span>
      <span className="text-xs text-quiet">
        {[roles.map(roleName).join(', '), by?.name ? t.by(by.name) : '', t.until(until)]
          .filter(Boolean)
          .join(' · ')}
      </span>
      {!expired && mail.error_text ? <span className="text-xs text-bad">{mail.error_text}</span> : null}
    </div>
  );
}

type Texts = (typeof text.en)['invitations'];

function mailState({ mail }: Invitation, t: Texts): [Tone, string] {
  if (mail.error !== null) return ['bad', t.notSent];
  return mail.sent_at === null ? ['busy', t.sending] : ['good', t.sent];
}

function Actions({ invitation }: { invitation: Invitation }) {
  const { invitations: t } = useText(text);
  const { sendMail } = useInvitationChanges();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const send = async () => {
    setBusy(true);
    setRefused(null);
    try {
      await sendMail(invitation.id);
      toast.success(t.sendingTo(invitation.email));
    } catch (cause) {
      setRefused(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="flex flex-wrap items-center gap-2">
      <CopyButton text={invitation.link} what={t.link(invitation.email)} />
      <Button size="small" busy={busy} aria-label={t.sendTo(invitation.email)} onClick={() => void send()}>
        {t.send}
      </Button>
      <WithdrawInvitation invitation={invitation} />
      {shownHere(refused) ? <ProblemAlert cause={refused} /> : null}
    </div>
  );
}
