import { Link } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import { useSession } from '@/shell/api/session';
import { takeBackFor } from '@/shell/app/actions/delayed-store';
import { inMegabytes, useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import type { Row } from '../api';
import { OrderNote } from '../orders/order-note';
import { ApproveWithComment } from '../requests/approve-with-comment';
import { isDecommission } from '../requests/kind';
import { RequestStatus } from '../requests/status-badge';
import { RowActions } from '../row-actions';
import { presentDecisions } from '../stages/approval';
import { openStages } from '../stages/chain';
import { CostBars } from './cost-bars';
import { useDecisionPlans } from './decision-plans';
import { Detail } from './detail';
import { PresentVms } from './present-vms';
import { StagesToDecide } from './stages-to-decide';
import { text } from './text';
import { useKeptHeight } from './use-kept-height';

interface ApprovalCardProps {
  approval: Row<'approvals'>;
  /** Index in the inbox, for j and k; undefined on a page of its own. */
  index?: number;
  /** Whether the card must keep its height, because the inbox must not move. */
  held?: boolean;
  /** Checkbox that selects the request for a decision on several. */
  select?: ReactNode;
}

/** Facts for a decision, and its buttons. */
export function ApprovalCard({ approval: row, index, held = false, select }: ApprovalCardProps) {
  const t = useText(text);
  const plans = useDecisionPlans(row.awaited);
  const name = row.vm_name ?? '';
  const session = useSession();
  const done = ownDecision(row, session.actor);
  // Buttons that a person who has decided cannot use would only contradict the decision.
  const actions = done ? row.actions.filter(action => action.allowed) : row.actions;
  // Each reason once as text, since touch screens cannot hover; screen readers relate it to its
  // button.
  const reasons = new Set(
    actions.flatMap(action => (action.command in plans && action.why ? [action.why] : [])),
  );
  const footer = useKeptHeight(held);
  const inList = index !== undefined;
  const pending = row.status === 'pending';
  // Another person decided before the delayed command took effect.
  useEffect(() => {
    if (!pending) takeBackFor('request', row.key);
  }, [pending, row.key]);
  return (
    <article
      data-row-index={index}
      aria-label={name}
      className="rounded-xl border border-line bg-surface shadow-low focus-within:border-line-strong"
    >
      <div className="grid gap-5 p-5 sm:p-6">
        <div className="flex gap-3">
          {select}
          <Heading row={row} inList={inList} />
        </div>
        <OrderNote approval={row} />
        <blockquote className="max-w-prose border-l-2 border-line-strong/60 pl-3.5 whitespace-pre-line">
          <span className="sr-only">{t.why}: </span>
          {row.justification || t.noWhy}
        </blockquote>
        <Facts row={row} />
        {pending || held ? <CostBars approval={row} requesterId={row.requester_id ?? ''} /> : null}
        <StagesToDecide approval={row} Heading={inList ? 'h3' : 'h2'} held={held} />
      </div>
      {/* Same height as before, so that content below does not move. */}
      <footer
        ref={footer}
        className="flex min-h-[calc(4rem+1px)] flex-wrap items-center gap-2 border-t border-line px-5 py-3.5 sm:px-6"
      >
        {pending ? (
          <>
            <RowActions actions={actions} plans={plans} name={name} unavailable="in-place" />
            <ApproveWithComment actions={actions} name={name} />
            {done ? <OwnDecision done={done} row={row} /> : null}
            {[...reasons].map(why => (
              <p key={why} aria-hidden className="min-w-48 flex-1 text-sm text-quiet sm:pl-2">
                {why}
              </p>
            ))}
          </>
        ) : (
          <Decision row={row} reason={inList ? null : row.reason} />
        )}
      </footer>
    </article>
  );
}

/** Requester, age and status, above the name of the machine. */
function Heading({ row, inList }: { row: Row<'approvals'>; inList: boolean }) {
  const t = useText(text);
  const format = useFormat();
  const name = row.vm_name ?? '';
  return (
    <header className="flex min-w-0 flex-1 flex-wrap items-start justify-between gap-x-6 gap-y-2">
      <div className="grid gap-0.5">
        <p className="text-quiet">
          {(isDecommission(row) ? t.asksEnd : t.asks)(row.requester_name || t.somebody)}{' '}
          <time
            dateTime={row.submitted_at ?? undefined}
            title={format.zoned(row.submitted_at)}
            className="sr-only"
          >
            {t.waits(format.ago(row.submitted_at))}
          </time>
        </p>
        {inList ? (
          <h2 className="text-xl font-semibold tracking-tight">
            <Link
              to="/approvals/$id"
              params={{ id: row.key }}
              className="rounded underline-offset-4 hover:text-accent-text hover:underline"
            >
              {name}
            </Link>
          </h2>
        ) : (
          <p className="text-xl font-semibold tracking-tight">{name}</p>
        )}
      </div>
      {row.status === 'pending' ? (
        <span aria-hidden className="text-sm text-quiet">
          {t.waits(format.ago(row.submitted_at))}
        </span>
      ) : (
        <RequestStatus row={row} />
      )}
    </header>
  );
}

function Facts({ row }: { row: Row<'approvals'> }) {
  const t = useText(text);
  const format = useFormat();
  return (
    <dl className="grid grid-cols-2 gap-x-6 gap-y-4 @xl:grid-cols-3 @4xl:grid-cols-5">
      <Detail label={t.size}>
        {t.sizeOf(format.number(row.cpus), format.memory(inMegabytes(row.memory_gb)))}
      </Detail>
      <Detail label={t.image}>{row.image}</Detail>
      <Detail label={isDecommission(row) ? t.costEnds : t.cost} strong>
        {format.money(row.monthly_cents, row.currency)}
      </Detail>
      <Detail label={t.term}>{t.months(format.number(row.term_months))}</Detail>
      <PresentVms
        requesterId={row.requester_id ?? ''}
        label={row.status === 'pending' ? t.present : t.presentNow}
      />
    </dl>
  );
}

/**
 * Outcome with author and time. A list omits the reason, since a second line would move other
 * cards.
 */
function Decision({ row, reason }: { row: Row<'approvals'>; reason: string | null }) {
  const t = useText(text);
  const format = useFormat();
  const by = row.decided_by_name ?? row.withdrawn_by_name;
  return (
    <p role="status" className="text-sm">
      <span className="font-medium">{t.outcome(row.status_text ?? '')}</span>
      {by ? ` ${t.byPerson(by)}` : null}
      <span className="text-quiet">, {format.since(row.decided_at ?? row.withdrawn_at)}</span>
      {reason ? <span className="block whitespace-pre-line text-quiet">{reason}</span> : null}
    </p>
  );
}

type Done = 'youApproved' | 'youRejected' | 'youPassedOn';

/** Last decision of this person on a request that still waits; null if a decision is due. */
function ownDecision(row: Row<'approvals'>, actor: string): Done | null {
  const decides = row.actions.some(
    ({ command, permitted, allowed }) => DECISIONS.has(command) && permitted && allowed,
  );
  if (decides) return null;
  const own = presentDecisions(row).findLast(one => one.approver_id === actor);
  if (own) return own.verdict === 'approve' ? 'youApproved' : 'youRejected';
  const passedOn = openStages(row).some(({ progress }) =>
    progress?.passed_on.some(one => one.from === actor),
  );
  return passedOn ? 'youPassedOn' : null;
}

const DECISIONS: ReadonlySet<string> = new Set(['approve-request', 'reject-request']);

/** Decision or handover of this person on a request that still waits for other people. */
function OwnDecision({ row, done }: { row: Row<'approvals'>; done: Done }) {
  const t = useText(text);
  const format = useFormat();
  return (
    <p role="status" className="text-sm">
      <span className="font-medium">{t[done]}</span>{' '}
      <span className="text-quiet">{format.sentence(row.waiting_on)}</span>
    </p>
  );
}
