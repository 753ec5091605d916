import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { shownHere } from '@/shell/api/problem';
import { ConfirmDialog } from '@/shell/app/actions/confirm-dialog';
import { Empty } from '@/shell/app/list/empty';
import { PageHeader } from '@/shell/app/page/page-header';
import { Panel } from '@/shell/app/page/panel';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { Badge, type Tone } from '@/shell/ui/badge';
import { Button } from '@/shell/ui/button';
import { Skeleton } from '@/shell/ui/skeleton';
import { toast } from '@/shell/ui/toast';
import { GrantDialog } from './grant-dialog';
import { InviteAdmin } from './invite-admin';
import { ReasonDialog } from './reason-dialog';
import { tenantRoute } from './routes';
import { type Request, type TenantProduct, tenantProductsQuery, useTenantProducts } from './tenant-products';
import { text } from './text';

/** Requests and grants of a tenant's products, and whether they are enabled. */
export function TenantPage() {
  const { products: t, tenants, reload } = useText(text);
  const { slug } = tenantRoute.useParams();
  const { data, error, refetch } = useQuery(tenantProductsQuery(slug));
  return (
    <>
      <PageHeader
        title={slug}
        lead={t.lead}
        up={{ to: '/operator/tenants', label: tenants.title }}
        actions={<InviteAdmin tenant={slug} />}
      />
      {data && data.length > 0 ? (
        <ul aria-label={t.title} className="grid gap-5">
          {data.map(product => (
            <li key={product.id} className="min-w-0">
              <Product tenant={slug} product={product} />
            </li>
          ))}
        </ul>
      ) : data ? (
        <Empty sentence={t.empty}>
          <Button onClick={() => void refetch()}>{reload}</Button>
        </Empty>
      ) : shownHere(error) ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton className="h-40" />
      )}
    </>
  );
}

function Product({ tenant, product }: { tenant: string; product: TenantProduct }) {
  const { products: t } = useText(text);
  const { switchTo } = useTenantProducts(tenant);
  const [asking, setAsking] = useState(false);
  const { id, name, enabled, stopped } = product;
  const act = enabled ? t.disable : t.enable;
  const tone: Tone = stopped ? 'bad' : enabled ? 'good' : 'idle';
  return (
    <Panel
      title={name}
      beside={
        <span className="flex flex-wrap items-center justify-end gap-3">
          <Badge tone={tone}>{stopped ? t.stopped : enabled ? t.enabled : t.notEnabled}</Badge>
          <Button size="small" aria-label={`${act}: ${name}`} onClick={() => setAsking(true)}>
            {act}
          </Button>
        </span>
      }
    >
      <div className="grid gap-4 p-5">
        {stopped ? (
          <Alert tone="bad" title={t.stoppedTitle}>
            <p>{product.stopped_reason}</p>
          </Alert>
        ) : null}
        {product.reason ? <p className="text-sm text-quiet">{t.because(product.reason)}</p> : null}
        <ul aria-label={t.requests} className="grid gap-3 @3xl:grid-cols-2">
          {product.requests.map(request => (
            <li key={`${request.capability}/${request.grant}`} className="min-w-0 rounded-lg bg-sunken p-4">
              <Requested tenant={tenant} plugin={id} request={request} />
            </li>
          ))}
        </ul>
      </div>
      {asking ? (
        <ReasonDialog
          title={enabled ? t.disableTitle(name, tenant) : t.enableTitle(name, tenant)}
          lead={enabled ? t.disableLead : t.enableLead}
          submitLabel={act}
          look={enabled ? 'danger' : 'primary'}
          send={async reason => {
            await switchTo(id, !enabled, reason);
            toast.success(enabled ? t.disabled(name) : t.isEnabled(name));
          }}
          close={() => setAsking(false)}
        />
      ) : null}
    </Panel>
  );
}

const TONES: Record<Request['state'], Tone> = { granted: 'good', expired: 'bad', missing: 'wait' };

function Requested({ tenant, plugin, request }: { tenant: string; plugin: string; request: Request }) {
  const { products: t } = useText(text);
  const { grant, withdraw } = useTenantProducts(tenant);
  const [asking, setAsking] = useState<'grant' | 'withdraw' | null>(null);
  const { capability, grant: name, state, optional } = request;
  const of = `${capability} ${name}`;
  const isGranted = state !== 'missing';
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="font-mono text-sm font-medium">
          {of} {optional ? <span className="font-sans text-xs text-quiet">{t.optional}</span> : null}
        </h3>
        <Badge tone={state === 'missing' && optional ? 'idle' : TONES[state]}>{t.states[state]}</Badge>
      </div>
      {isGranted ? <Granted request={request} /> : null}
      <div className="flex flex-wrap gap-2">
        <Button
          size="small"
          look={isGranted ? 'secondary' : 'primary'}
          aria-label={`${isGranted ? t.change : t.grant}: ${of}`}
          onClick={() => setAsking('grant')}
        >
          {isGranted ? t.change : t.grant}
        </Button>
        {isGranted ? (
          <Button size="small" aria-label={`${t.withdraw}: ${of}`} onClick={() => setAsking('withdraw')}>
            {t.withdraw}
          </Button>
        ) : null}
      </div>
      {asking === 'grant' ? (
        <GrantDialog
          request={request}
          send={async given => {
            await grant(plugin, request, given);
            toast.success(t.granted(of));
          }}
          close={() => setAsking(null)}
        />
      ) : null}
      {asking === 'withdraw' ? (
        <ConfirmDialog
          title={t.withdrawTitle(of)}
          lead={t.withdrawLead}
          confirmLabel={t.withdraw}
          run={async () => {
            await withdraw(plugin, request);
            toast.success(t.withdrawn(of));
          }}
          close={() => setAsking(null)}
        />
      ) : null}
    </div>
  );
}

function Granted({ request }: { request: Request }) {
  const { products: t } = useText(text);
  const format = useFormat();
  const facts: [string, string, string?][] = [
    [t.scope, JSON.stringify(request.scope), 'font-mono text-xs break-all'],
    [t.connection, request.connection ?? '–', 'font-mono text-xs'],
    [t.expires, request.expires_at ? format.dateTime(request.expires_at) : t.never],
    [t.reason, request.reason || '–'],
  ];
  return (
    <dl className="grid grid-cols-[minmax(0,auto)_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">
      {facts.map(([label, value, style]) => (
        <div key={label} className="col-span-2 grid grid-cols-subgrid items-baseline">
          <dt className="text-quiet">{label}</dt>
          <dd className={style}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
