import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { may, useSession } from '@/api/session';
import { PageHeader } from '@/app/page/page-header';
import { useText } from '@/i18n/use-text';
import { Button } from '@/ui/button';
import { BrokenConnections, FailedMails, LatestAudit, StuckWorkflows, Tenants } from './host-panels';
import { FailedRequests, OpenRequests, OwnVms, WaitingApprovals } from './product-panels';
import { text } from './text';

/** What needs this person: each kind of person sees what waits for them, most urgent first. */
export function HomePage() {
  const t = useText(text);
  const session = useSession();
  const can = (permission: string) => may(session, permission);
  const auditor = can('host.audit') && !can('dcm.request');
  return (
    <>
      <PageHeader
        title={t.hello(session.name)}
        lead={t.lead}
        actions={
          can('dcm.request') ? (
            <Button look="primary" asChild>
              <Link to="/catalogue">
                <Plus aria-hidden />
                {t.requestVm}
              </Link>
            </Button>
          ) : null
        }
      />
      <div className="grid items-start gap-6 @4xl:grid-cols-2">
        {can('dcm.approve') ? <WaitingApprovals /> : null}
        {can('dcm.operate') ? <FailedRequests /> : null}
        {can('dcm.request') ? <OpenRequests actor={session.actor} /> : null}
        {can('dcm.request') ? <OwnVms actor={session.actor} /> : null}
        {can('host.connections') ? <BrokenConnections /> : null}
        {can('host.mail-failures') ? <FailedMails /> : null}
        {auditor ? <LatestAudit /> : null}
        {session.kind === 'operator' ? <StuckWorkflows /> : null}
        {session.kind === 'operator' ? <Tenants /> : null}
      </div>
    </>
  );
}
