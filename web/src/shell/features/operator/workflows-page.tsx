import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { RowColumn } from '@/shell/app/list/column';
import { Empty } from '@/shell/app/list/empty';
import { RowList } from '@/shell/app/list/row-list';
import { PageHeader } from '@/shell/app/page/page-header';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { Badge, type Tone } from '@/shell/ui/badge';
import { Button } from '@/shell/ui/button';
import { workflowsQuery } from './platform';
import { text } from './text';
import { type Condition, type Health, conditionOf } from './workflow-health';

export function WorkflowsPage() {
  const { workflows: t } = useText(text);
  const format = useFormat();
  const rows = useQuery(workflowsQuery);
  const columns = useColumns();
  const sum = (name: 'overdue' | 'stopped') => rows.data?.reduce((total, line) => total + line[name], 0) ?? 0;
  const overdue = sum('overdue');
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      <div role="status" className="mb-4 grid gap-3 empty:sr-only">
        {overdue > 0 ? (
          <Alert tone="bad" title={t.overdueAlert(format.number(overdue))}>
            <p>{t.overdueLead}</p>
          </Alert>
        ) : null}
        {sum('stopped') > 0 ? (
          <Alert tone="wait" title={`${t.stopped}: ${format.number(sum('stopped'))}`}>
            <p>{t.stoppedLead}</p>
          </Alert>
        ) : null}
      </div>
      <RowList
        label={t.title}
        rows={rows}
        columns={columns}
        rowId={row => row.plugin}
        filtered={false}
        empty={
          <Empty sentence={t.empty}>
            <Button asChild>
              <Link to="/operator/plugins">{t.toPlugins}</Link>
            </Button>
          </Empty>
        }
      />
    </>
  );
}

const TONES: Record<Condition, Tone> = { overdue: 'bad', stopped: 'wait', good: 'good' };

function useColumns(): RowColumn<Health>[] {
  const { workflows: t } = useText(text);
  const format = useFormat();
  return useMemo(() => {
    const count = (name: 'open' | 'done' | 'failed' | 'stopped', width = 12): RowColumn<Health> => ({
      id: name,
      header: t[name],
      width,
      whole: true,
      least: 72,
      ...(name === 'done' ? { drop: 1 } : {}),
      align: 'end',
      cell: row => format.number(row[name]),
    });
    return [
      {
        id: 'plugin',
        header: t.plugin,
        width: 18,
        cell: row => <span className="font-medium">{row.plugin}</span>,
      },
      {
        id: 'condition',
        header: t.condition,
        width: 16,
        card: 'beside',
        cell: row => <Badge tone={TONES[conditionOf(row)]}>{t.conditions[conditionOf(row)]}</Badge>,
      },
      count('open'),
      {
        id: 'overdue',
        header: t.overdue,
        width: 12,
        whole: true,
        least: 72,
        align: 'end',
        cell: row => (
          <span className={row.overdue > 0 ? 'font-semibold text-bad' : undefined}>
            {format.number(row.overdue)}
          </span>
        ),
      },
      count('done'),
      count('failed', 15),
      count('stopped'),
    ];
  }, [t, format]);
}
