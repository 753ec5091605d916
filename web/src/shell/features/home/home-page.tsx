import { may, useSession } from '@/shell/api/session';
import { PageHeader } from '@/shell/app/page/page-header';
import { useProducts } from '@/shell/app/product';
import { useText } from '@/shell/i18n/use-text';
import {
  BrokenConnections,
  FailedMails,
  LatestAudit,
  MissingGrants,
  StuckWorkflows,
  Tenants,
} from './host-panels';
import { text } from './text';

/** Open tasks of the person by role, most urgent first. */
export function HomePage() {
  const t = useText(text);
  const session = useSession();
  const products = useProducts();
  const can = (permission: string) => may(session, permission);
  const operator = session.kind === 'operator';
  // A person without tasks in any product.
  const onlyReads = !products.some(({ home }) => may(session, ...home.permissions));
  return (
    <>
      <PageHeader
        title={t.hello(session.name)}
        lead={t.lead}
        actions={products.map(({ id, home: { Action } }) => (
          <Action key={id} />
        ))}
      />
      <div className="grid items-start gap-6 @4xl:grid-cols-2">
        {products.map(({ id, home: { Panels } }) => (
          <Panels key={id} />
        ))}
        {can('host.connections') ? <BrokenConnections /> : null}
        {can('host.connections') ? <MissingGrants /> : null}
        {can('host.mail-failures') ? <FailedMails /> : null}
        {can('host.audit') && onlyReads ? <LatestAudit /> : null}
        {operator ? <StuckWorkflows /> : null}
        {operator ? <Tenants /> : null}
      </div>
    </>
  );
}
