import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Skeleton } from '@/shell/ui/skeleton';
import { useRow } from '../api';
import { text } from './text';

/** Number, size and cost of the requester's VMs, as the host counts them. */
export function PresentVms({ requesterId }: { requesterId: string }) {
  const t = useText(text);
  const format = useFormat();
  const { data, isPending } = useRow('requesters', requesterId, { throwOnError: false });
  if (isPending) return <Skeleton className="mt-1 w-32" />;
  // A requester without VMs has no row.
  if (!data?.vms) return t.noVms;
  return t.presentOf(
    t.vms(data.vms, format.number(data.vms)),
    t.sizeOf(format.number(data.cpus), format.memory(data.memory_mb)),
    format.money(data.monthly_cents, data.currency),
  );
}
