import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { shownHere } from '@/shell/api/problem';
import { FormSkeleton } from '@/shell/app/form/form-skeleton';
import { Facts } from '@/shell/app/page/facts';
import { PageHeader } from '@/shell/app/page/page-header';
import { Panel } from '@/shell/app/page/panel';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { MemberDeputy } from '@/shell/features/deputy/member-deputy';
import { groupsQuery } from '@/shell/features/groups/groups';
import { LANGUAGES } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { Badge } from '@/shell/ui/badge';
import { MemberForm } from './member-form';
import { type Member, memberQuery, rolesQuery } from './members';
import { RemoveMember } from './remove-member';
import { memberRoute } from './routes';
import { text } from './text';

export function MemberPage() {
  const t = useText(text);
  const { actor } = memberRoute.useParams();
  const { data: member, error, refetch } = useQuery(memberQuery(actor));
  const isCurrent = member !== undefined && member.roles.length > 0;
  return (
    <>
      <PageHeader
        title={member?.name}
        beside={member && !isCurrent ? <Badge tone="idle">{t.removed}</Badge> : null}
        up={{ to: '/admin/members', label: t.title }}
        actions={isCurrent ? <RemoveMember member={member} /> : null}
      />
      {member ? (
        <Shown key={actor} member={member} isCurrent={isCurrent} />
      ) : shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : (
        <FormSkeleton fields={4} />
      )}
    </>
  );
}

function Shown({ member, isCurrent }: { member: Member; isCurrent: boolean }) {
  const t = useText(text);
  const { data: roles, error, refetch } = useQuery(rolesQuery);
  return (
    <div className="grid items-start gap-5 @4xl:grid-cols-[minmax(0,1fr)_22rem]">
      {!isCurrent ? (
        <Alert tone="idle" title={t.goneTitle}>
          <p>{t.goneLead}</p>
        </Alert>
      ) : roles ? (
        <MemberForm member={member} known={roles} />
      ) : shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : (
        <FormSkeleton fields={3} />
      )}
      <div className="grid gap-5">
        <About member={member} />
        {isCurrent ? <MemberDeputy member={member} /> : null}
      </div>
    </div>
  );
}

const linkStyle = 'rounded text-text underline underline-offset-2 hover:text-accent-text';

function About({ member }: { member: Member }) {
  const t = useText(text);
  const groups = useQuery(groupsQuery).data ?? [];
  const { email, locale, stands_in_for: persons } = member;
  const names = persons.map(person => person.name).join(', ');
  return (
    <Panel title={t.about}>
      <Facts
        facts={[
          { label: t.email, value: <Address email={email} /> },
          { label: t.language, value: LANGUAGES[locale] },
          {
            label: t.groups,
            value:
              member.groups.length > 0 ? (
                <ul className="grid gap-1">
                  {member.groups.map(key => (
                    <li key={key}>
                      <Link to="/admin/groups/$group" params={{ group: key }} className={linkStyle}>
                        {groups.find(group => group.key === key)?.name ?? key}
                      </Link>
                    </li>
                  ))}
                </ul>
              ) : (
                <span className="grid gap-1">
                  {t.noGroups}
                  <Link to="/admin/groups" className={linkStyle}>
                    {t.toGroups}
                  </Link>
                </span>
              ),
          },
          { label: t.standsInFor, value: names || t.none },
        ]}
      />
    </Panel>
  );
}

/** Mail address that breaks before its domain, and elsewhere only if a part is too long. */
function Address({ email }: { email: string }) {
  const at = email.lastIndexOf('@');
  return (
    <span className="wrap-anywhere">
      {email.slice(0, at)}
      <wbr />
      {email.slice(at)}
    </span>
  );
}
