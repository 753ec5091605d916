import { shownHere } from '@/shell/api/problem';
import { may, useSession } from '@/shell/api/session';
import { CopyButton } from '@/shell/app/page/copy-button';
import { Facts } from '@/shell/app/page/facts';
import { lazyPage } from '@/shell/app/page/lazy-page';
import { PageHeader } from '@/shell/app/page/page-header';
import { Panel } from '@/shell/app/page/panel';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { inMegabytes, useFormat } from '@/shell/i18n/format';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { Skeleton } from '@/shell/ui/skeleton';
import { type Row, useAllRows, useRow } from '../api';
import { READERS_OF_ALL } from '../permissions';
import { ProposalNote } from '../proposals/proposal-note';
import { threadOf } from '../questions/thread';
import { RowActions } from '../row-actions';
import { approvalOf } from '../stages/approval';
import { ApprovalChain } from '../stages/approval-chain';
import { OTHER_VCENTER } from '../vms/may-be-forgotten';
import { Again } from './again';
import { ApproveWithComment } from './approve-with-comment';
import { isOver } from './handed-over';
import { isDecommission } from './kind';
import { RequestHero } from './request-hero';
import { RequestTimeline } from './request-timeline';
import { useRequestPlans } from './request-plans';
import { useActionsAsSeen } from './retry-source';
import { requestRoute } from './routes';
import { RequestStatus } from './status-badge';
import { text } from './text';

// Few requests have questions, or are for several machines.
const QuestionsPanel = lazyPage<'QuestionsPanel', { request: Row<'requests'> }>(
  () => import('../questions/questions-panel'),
  'QuestionsPanel',
);
const OrderPanel = lazyPage<'OrderPanel', { request: Row<'requests'> }>(
  () => import('../orders/order-panel'),
  'OrderPanel',
);

export function RequestPage() {
  const t = useText(text);
  const { id } = requestRoute.useParams();
  const { data: request, error, refetch } = useRow('requests', id);
  const timeline = useAllRows('timeline', { request_id: id, sort: 'at', limit: 200 });
  const plans = useRequestPlans(request?.awaited);
  const actions = useActionsAsSeen(request);
  const readsTimeline = useReadsTimeline(request);
  return (
    <>
      <PageHeader
        title={request?.vm_name ?? undefined}
        up={{ to: '/requests', label: t.title }}
        beside={request ? <RequestStatus row={request} /> : null}
        actions={
          request ? (
            <>
              <RowActions
                actions={offered({ ...request, actions })}
                plans={plans}
                name={request.vm_name ?? ''}
                unavailable="in-menu"
              />
              <ApproveWithComment actions={actions} name={request.vm_name ?? ''} />
              {BUILT.has(request.status ?? '') ? <Again request={request} /> : null}
            </>
          ) : null
        }
      />
      {!request && shownHere(error) ? <ProblemAlert cause={error} onRetry={() => void refetch()} /> : null}
      {request ? (
        <RequestHero request={request} events={timeline.data ?? []} />
      ) : (
        <Skeleton className="mb-6 h-32 rounded-xl" />
      )}
      {request ? (
        <div className="mb-6 empty:hidden">
          <ProposalNote row={request} />
        </div>
      ) : null}
      {request?.order_id ? <OrderPanel request={request} /> : null}
      {request && threadOf(request).length > 0 ? <QuestionsPanel request={request} /> : null}
      {request ? <ApprovalChain request={request} /> : null}
      <div className="grid items-start gap-6 @3xl:grid-cols-[minmax(0,5fr)_minmax(0,4fr)]">
        <RequestFacts request={request} />
        {readsTimeline ? <RequestTimeline request={request} events={timeline.data} /> : null}
      </div>
    </>
  );
}

/** Statuses in which the header offers the repetition, since the hero shows the build. */
const BUILT: ReadonlySet<string> = new Set(['approved', 'failed', 'fulfilled']);

/**
 * Actions to show: cancelling without removal applies only to requests whose VM may be in another
 * vCenter.
 */
function offered(request: Row<'requests'>): Row<'requests'>['actions'] {
  const mayStandElsewhere = request.status === 'cancel-failed' && request.error_code === OTHER_VCENTER;
  return request.actions.filter(one => one.command !== 'cancel-without-removal' || mayStandElsewhere);
}

/** Whether the person reads the timeline: a person who is only asked to decide does not. */
function useReadsTimeline(request: Row<'requests'> | undefined): boolean {
  const session = useSession();
  return may(session, ...READERS_OF_ALL) || request?.requester_id === session.actor;
}

/** Cause of an approval without the decision of a person; null for other requests. */
function useWithoutDecision(row: Row<'requests'> | undefined): string | null {
  const t = useText(text).facts;
  const format = useFormat();
  const language = useLanguage();
  if (!row?.decided_at || row.decided_by_id || row.status === 'expired') return null;
  const rules = approvalOf(row)?.plan.auto.map(rule => rule.name[language]) ?? [];
  const cause = rules.length > 0 ? t.byRule(format.allOf(rules)) : t.byTime;
  return `${format.dateTime(row.decided_at)}, ${cause}`;
}

function RequestFacts({ request: row }: { request: Row<'requests'> | undefined }) {
  const t = useText(text).facts;
  const format = useFormat();
  const why = row && <span className="whitespace-pre-line">{row.justification}</span>;
  const decided = row && row.decided_by_name && `${row.decided_by_name}, ${format.dateTime(row.decided_at)}`;
  const without = useWithoutDecision(row);
  const id = row && (
    <span className="flex items-center gap-1">
      <code className="min-w-0 font-mono text-xs break-all">{row.key}</code>
      <CopyButton text={row.key} what={t.id} className="-my-1" />
    </span>
  );
  return (
    <Panel title={t.title}>
      <Facts
        facts={[
          ...(row && isDecommission(row) ? [{ label: t.kind, value: t.decommission }] : []),
          { label: t.why, value: why },
          {
            label: t.size,
            value: row && t.sizeOf(format.number(row.cpus), format.memory(inMegabytes(row.memory_gb))),
          },
          { label: t.image, value: row?.image },
          { label: t.template, value: row?.template },
          { label: t.offering, value: row?.offering_name },
          { label: t.cost, value: row && format.money(row.monthly_cents, row.currency) },
          {
            label: t.term,
            value: row && (isOver(row) ? t.termOfGone : t.months)(format.number(row.term_months)),
          },
          { label: t.requester, value: row?.requester_name },
          { label: t.submitted, value: row && format.dateTime(row.submitted_at) },
          { label: t.decidedBy, value: without ? null : decided },
          { label: t.decided, value: without },
          { label: t.id, value: id },
        ]}
      />
    </Panel>
  );
}
