import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Skeleton } from '@/shell/ui/skeleton';
import { type Row, useRow } from '../api';
import { isDecommission } from '../requests/kind';
import { text } from './text';

interface CostBarsProps {
  approval: Row<'approvals'>;
  requesterId: string;
}

/** Cost per month of the requester's VMs now and with this request, as bars with their amounts. */
export function CostBars({ approval, requesterId }: CostBarsProps) {
  const t = useText(text).costBars;
  const format = useFormat();
  const { data, isPending } = useRow('requesters', requesterId, { throwOnError: false });
  // As high as the bars, so that cards do not move.
  if (isPending) return <Skeleton className="h-18 rounded-lg" />;
  const currency = approval.currency;
  // Without a row the amounts are not known: the person may not read them, or no longer. Amounts in
  // two currencies have no common bar.
  if (!data || (data.vms && data.currency !== currency)) return null;
  const cents = approval.monthly_cents ?? 0;
  const before = data.monthly_cents ?? 0;
  const after = isDecommission(approval) ? Math.max(0, before - cents) : before + cents;
  const most = Math.max(before, after, 1);
  const change = `${after < before ? '−' : '+'}${format.money(Math.abs(after - before), currency)}`;
  return (
    <figure className="grid min-h-18 content-start gap-1.5">
      <figcaption className="text-xs text-quiet">{t.title}</figcaption>
      <dl className="grid grid-cols-[auto_minmax(2rem,1fr)_auto] items-center gap-x-3 gap-y-1 text-sm">
        <Bar label={t.now} share={before / most} amount={format.money(before, currency)} />
        <Bar
          label={t.after}
          share={Math.min(before, after) / most}
          added={Math.max(0, after - before) / most}
          amount={`${format.money(after, currency)} (${change})`}
        />
      </dl>
    </figure>
  );
}

interface BarProps {
  label: string;
  /** Length of the bar, as a part of the longest. */
  share: number;
  /** Length of its end that the request adds. */
  added?: number;
  amount: string;
}

function Bar({ label, share, added = 0, amount }: BarProps) {
  return (
    <div className="col-span-3 grid grid-cols-subgrid items-center">
      <dt className="text-quiet">{label}</dt>
      <dd className="col-span-2 grid grid-cols-subgrid items-center">
        <span aria-hidden className="flex h-3 min-w-0">
          <span className="rounded-l-xs bg-line-strong" style={{ width: `${share * 100}%` }} />
          <span
            className="rounded-r-xs border-accent bg-accent forced-colors:border"
            style={{ width: `${added * 100}%` }}
          />
        </span>
        <span className="text-right tabular-nums">{amount}</span>
      </dd>
    </div>
  );
}
