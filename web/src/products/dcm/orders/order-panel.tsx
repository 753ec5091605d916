import { Link } from '@tanstack/react-router';
import { Panel } from '@/shell/app/page/panel';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { type Row, useAllRows } from '../api';
import { RequestStatus } from '../requests/status-badge';
import { byLine } from './by-line';
import { text } from './text';

/** Machines that were requested together, each with its state; nothing for a single machine. */
export function OrderPanel({ request }: { request: Row<'requests'> }) {
  const { order_id, order_lines } = request;
  if (!order_id || !order_lines) return null;
  return <Machines orderId={order_id} lines={order_lines} present={request} />;
}

interface MachinesProps {
  orderId: string;
  /** Number of machines of the order. */
  lines: number;
  /** Request of the page. */
  present: Row<'requests'>;
}

function Machines({ orderId, lines, present }: MachinesProps) {
  const t = useText(text);
  const format = useFormat();
  const { data } = useAllRows('requests', { order_id: orderId, limit: 100 });
  const rows = byLine(data ?? [present]);
  const cents = rows.reduce((sum, row) => sum + (row.monthly_cents ?? 0), 0);
  const all = rows.length === lines;
  return (
    <div className="mb-6">
      <Panel
        title={t.title}
        beside={
          all ? <span className="text-quiet">{t.total(format.money(cents, present.currency))}</span> : null
        }
      >
        <ul aria-label={t.title} className="divide-y divide-line">
          {rows.map(row => (
            <Machine key={row.key} row={row} isPresent={row.key === present.key} />
          ))}
        </ul>
        {data && !all ? (
          <p className="border-t border-line px-5 py-3 text-sm text-quiet">
            {t.hidden(format.number(rows.length), format.number(lines))}
          </p>
        ) : null}
      </Panel>
    </div>
  );
}

function Machine({ row, isPresent }: { row: Row<'requests'>; isPresent: boolean }) {
  const t = useText(text);
  const format = useFormat();
  const more = row.waiting_on
    ? format.sentence(row.waiting_on)
    : row.status === 'rejected' && row.reason
      ? t.reason(row.reason)
      : row.ip
        ? t.address(row.ip)
        : null;
  return (
    <li className="grid gap-x-6 gap-y-1 px-5 py-2.5 @2xl:grid-cols-[12rem_11rem_minmax(0,1fr)] @2xl:items-baseline">
      <span className="min-w-0">
        <Link
          to="/requests/$id"
          params={{ id: row.key }}
          aria-current={isPresent ? 'page' : undefined}
          className="rounded font-medium wrap-anywhere underline-offset-4 hover:text-accent-text hover:underline"
        >
          {row.vm_name}
        </Link>
        {isPresent ? <span className="text-quiet"> ({t.this})</span> : null}
      </span>
      <span>
        <RequestStatus row={row} />
      </span>
      <span className="min-w-0 text-sm wrap-anywhere text-quiet">{more}</span>
    </li>
  );
}
