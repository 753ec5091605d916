import { useMemo } from 'react';
import type { RowColumn } from '@/shell/app/list/column';
import { Address } from '@/shell/app/page/address';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import type { Row } from '../api';
import { isOld, readAt } from './age';
import { text } from './text';
import { Power, VmState, VmStatus } from './vm-status';

export function useVmColumns(whose: 'mine' | 'everybody'): RowColumn<Row<'vms'>>[] {
  const t = useText(text);
  const format = useFormat();
  return useMemo(
    () => [
      {
        id: 'name',
        header: t.columns.name,
        sort: 'name',
        width: 18,
        least: 132,
        text: row => row.name,
        cell: row => row.name,
      },
      {
        id: 'status',
        header: t.columns.status,
        sort: 'status',
        width: 16,
        least: 120,
        card: 'beside',
        text: row => row.status_text,
        cell: row => <Status row={row} />,
      },
      {
        id: 'power',
        header: t.columns.power,
        sort: 'power',
        width: 13,
        whole: true,
        cell: row => (row.terminal ? '–' : <Power state={row.power} old={isOld(row)} />),
      },
      {
        id: 'ip',
        header: t.columns.ip,
        width: 19,
        whole: true,
        text: row => row.ip,
        cell: row => <Ip ip={row.ip} />,
      },
      ...(whose === 'everybody' ? [requesterColumn(t.columns.requester)] : []),
      {
        id: 'size',
        header: t.columns.size,
        sort: 'cpus',
        width: 15,
        whole: true,
        drop: 3,
        card: 'none',
        cell: row => t.size(format.number(row.cpus), format.memory(row.memory_mb)),
      },
      {
        id: 'cost',
        header: t.columns.cost,
        sort: 'monthly_cents',
        width: 13,
        whole: true,
        drop: 2,
        align: 'end',
        cell: row => format.money(row.monthly_cents, row.currency),
      },
      {
        id: 'read',
        header: t.columns.read,
        width: 16,
        whole: true,
        drop: 4,
        align: 'end',
        cell: row => <ReadAt row={row} />,
      },
    ],
    [t, format, whose],
  );
}

function requesterColumn(header: string): RowColumn<Row<'vms'>> {
  return {
    id: 'requester',
    header,
    sort: 'requester_name',
    width: 17,
    drop: 1,
    text: row => row.requester_name,
    cell: row => row.requester_name,
  };
}

function Status({ row }: { row: Row<'vms'> }) {
  return (
    <span className="inline-flex flex-wrap gap-1">
      <VmStatus row={row} />
      <VmState state={row.state} />
    </span>
  );
}

/** Age of the last reading from vCenter. */
function ReadAt({ row }: { row: Row<'vms'> }) {
  const format = useFormat();
  const at = readAt(row);
  return (
    <time dateTime={at ?? undefined} title={format.zoned(at)}>
      {format.ago(at)}
    </time>
  );
}

function Ip({ ip }: { ip: string | null }) {
  const t = useText(text);
  if (!ip) return <span className="text-quiet">–</span>;
  return (
    <Address
      address={ip}
      what={`${t.columns.ip} ${ip}`}
      className="font-mono text-xs"
      copyClassName="relative z-10 -my-1.5"
    />
  );
}
