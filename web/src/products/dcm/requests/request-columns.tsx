import { useMemo } from 'react';
import { useSession } from '@/shell/api/session';
import type { RowColumn } from '@/shell/app/list/column';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { cn } from '@/shell/ui/cn';
import type { Row } from '../api';
import { Again, isOfferedAgain } from './again';
import { RequestStatus } from './status-badge';
import { text } from './text';

export function useRequestColumns(withRequester: boolean): RowColumn<Row<'requests'>>[] {
  const t = useText(text).columns;
  const format = useFormat();
  const { actor } = useSession();
  return useMemo(
    () => [
      {
        id: 'name',
        header: t.name,
        sort: 'vm_name',
        width: 17,
        least: 132,
        text: row => row.vm_name,
        cell: row => row.vm_name,
      },
      {
        id: 'status',
        header: t.status,
        width: 20,
        least: 120,
        card: 'beside',
        text: row => row.status_text,
        cell: row => <RequestStatus row={row} />,
      },
      {
        id: 'waiting',
        header: t.waiting,
        width: 25,
        least: 140,
        cell: row => <Waiting row={row} />,
        // A card omits the line of a row without a text.
        text: row => (isOfferedAgain(row, actor) ? '' : format.sentence(row.waiting_on)),
      },
      ...(withRequester
        ? [
            {
              id: 'requester',
              header: t.requester,
              sort: 'requester_name',
              width: 17,
              drop: 1,
              text: (row: Row<'requests'>) => row.requester_name,
              cell: (row: Row<'requests'>) => row.requester_name,
            },
          ]
        : []),
      {
        id: 'offering',
        header: t.offering,
        sort: 'offering_name',
        width: 14,
        drop: 3,
        card: 'none',
        text: row => row.offering_name,
        cell: row => row.offering_name,
      },
      {
        id: 'cost',
        header: t.cost,
        sort: 'monthly_cents',
        width: 12,
        whole: true,
        align: 'end',
        cell: row => format.money(row.monthly_cents, row.currency),
      },
      {
        id: 'submitted',
        header: t.submitted,
        sort: 'submitted_at',
        width: 13,
        whole: true,
        drop: 2,
        align: 'end',
        cell: row => <time dateTime={row.submitted_at ?? undefined}>{format.short(row.submitted_at)}</time>,
      },
    ],
    [t, format, actor, withRequester],
  );
}

/**
 * A row that ended without a machine waits for nothing, so its place has the link to a new request.
 * Approvers first, then the sentence, since people look for names. Long lists have their full text
 * as title.
 */
function Waiting({ row }: { row: Row<'requests'> }) {
  const format = useFormat();
  const { actor } = useSession();
  if (isOfferedAgain(row, actor)) return <Again request={row} inRow />;
  const sentence = format.sentence(row.waiting_on);
  const people = row.waiting?.people ?? [];
  const names = row.status === 'pending' && people.length > 0 ? format.anyOf(people) : null;
  return (
    <span className={cn('line-clamp-3', !names && 'text-quiet')} title={names ?? sentence ?? undefined}>
      {names ?? sentence ?? '–'}
    </span>
  );
}
