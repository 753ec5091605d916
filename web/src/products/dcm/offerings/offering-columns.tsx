import { useMemo } from 'react';
import type { RowColumn } from '@/shell/app/list/column';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Badge } from '@/shell/ui/badge';
import type { Row } from '../api';
import { text } from './text';

type Offering = Row<'offerings'>;
type Column = RowColumn<Offering>;

export function useOfferingColumns(): Column[] {
  const t = useText(text);
  const format = useFormat();
  return useMemo(() => {
    const range = (min: number | null | undefined, max: number | null | undefined) =>
      t.range(format.number(min), format.number(max));
    const price = (id: string, header: string, cents: (row: Offering) => number | null): Column => ({
      id,
      header,
      width: 10,
      whole: true,
      least: 72,
      align: 'end',
      cell: row => format.money(cents(row), row.currency),
    });
    return [
      {
        id: 'name',
        header: t.columns.name,
        sort: 'name',
        width: 22,
        least: 132,
        text: row => `${row.name} ${row.key}`,
        cell: row => row.name,
      },
      {
        id: 'status',
        header: t.columns.status,
        sort: 'status',
        width: 11,
        least: 92,
        card: 'beside',
        text: row => row.status_text,
        cell: row => <Badge tone={row.active ? 'good' : 'idle'}>{row.status_text}</Badge>,
      },
      {
        id: 'image',
        header: t.columns.image,
        width: 19,
        drop: 1,
        text: row => row.image,
        cell: row => row.image,
      },
      {
        id: 'cpus',
        header: t.columns.cpus,
        width: 9,
        whole: true,
        least: 72,
        drop: 3,
        cell: row => range(row.cpu_min, row.cpu_max),
      },
      {
        id: 'memory',
        header: t.columns.memory,
        width: 12,
        whole: true,
        least: 72,
        drop: 2,
        cell: row => t.gb(range(row.memory_gb_min, row.memory_gb_max)),
      },
      { ...price('base', t.columns.base, row => row.base_cents), sort: 'base_cents', width: 11 },
      price('cpu', t.columns.perCpu, row => row.cpu_cents),
      price('gb', t.columns.perGb, row => row.gb_cents),
    ];
  }, [t, format]);
}
