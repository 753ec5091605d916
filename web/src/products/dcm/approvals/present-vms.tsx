import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Skeleton } from '@/shell/ui/skeleton';
import { type Row, useRow } from '../api';
import { Detail } from './detail';
import { text } from './text';

/** Maximum number of VMs that a card names. */
const NAMES_MAX = 3;

interface PresentVmsProps {
  requesterId: string;
  label: string;
}

/**
 * Number, size, cost and names of the requester's VMs, as the host counts them. Renders nothing for
 * a person who may not read them, such as an approver after the decision.
 */
export function PresentVms({ requesterId, label }: PresentVmsProps) {
  const t = useText(text);
  const format = useFormat();
  const { data, isPending } = useRow('requesters', requesterId, { throwOnError: false });
  if (isPending) {
    return (
      <Detail label={label}>
        <Skeleton className="mt-1 w-32" />
      </Detail>
    );
  }
  if (!data) return null;
  if (!data.vms) return <Detail label={label}>{t.noVms}</Detail>;
  const names = namesOf(data);
  const more = names.length - NAMES_MAX;
  return (
    <Detail label={label}>
      {t.presentOf(
        t.vms(data.vms, format.number(data.vms)),
        t.sizeOf(format.number(data.cpus), format.memory(data.memory_mb)),
        format.money(data.monthly_cents, data.currency),
      )}
      <span className="block text-sm text-quiet">
        {names.slice(0, NAMES_MAX).join(', ')}
        {more > 0 ? ` ${t.andMore(format.number(more))}` : null}
      </span>
    </Detail>
  );
}

function namesOf(row: Row<'requesters'>): string[] {
  const machines = Object.values((row.machines ?? {}) as Record<string, { name: string }>);
  return machines.map(machine => machine.name).sort((one, other) => one.localeCompare(other));
}
