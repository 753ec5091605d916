import type { ReactNode } from 'react';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Skeleton } from '@/shell/ui/skeleton';
import { type Row, useRow } from '../api';
import { text } from './text';

/** Maximum number of VMs that a card names. */
const NAMES_MAX = 3;

interface PresentVmsProps {
  requesterId: string;
  /** Frame of the facts, with its label. */
  frame: (content: ReactNode) => ReactNode;
}

/**
 * Number, size, cost and names of the requester's VMs, as the host counts them. Renders nothing for
 * a person who may not read them, such as an approver after the decision.
 */
export function PresentVms({ requesterId, frame }: PresentVmsProps) {
  const t = useText(text);
  const format = useFormat();
  const { data, isPending } = useRow('requesters', requesterId, { throwOnError: false });
  if (isPending) return frame(<Skeleton className="mt-1 w-32" />);
  if (!data) return null;
  if (!data.vms) return frame(t.noVms);
  const sums = t.presentOf(
    t.vms(data.vms, format.number(data.vms)),
    t.sizeOf(format.number(data.cpus), format.memory(data.memory_mb)),
    format.money(data.monthly_cents, data.currency),
  );
  const names = namesOf(data);
  const more = names.length - NAMES_MAX;
  return frame(
    <>
      {sums}
      <span className="block text-sm text-quiet">
        {names.slice(0, NAMES_MAX).join(', ')}
        {more > 0 ? ` ${t.andMore(format.number(more))}` : null}
      </span>
    </>,
  );
}

function namesOf(row: Row<'requesters'>): string[] {
  const machines = Object.values((row.machines ?? {}) as Record<string, { name: string }>);
  return machines.map(machine => machine.name).sort((one, other) => one.localeCompare(other));
}
