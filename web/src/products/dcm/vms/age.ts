import { hostNow } from '@/shell/api/host-clock';
import type { Row } from '../api';

/** vCenter is asked every 4 minutes; what is older than this is not sure any more. */
const OLD = 10 * 60_000;

type Read = Pick<Row<'vms'>, 'observed_at' | 'refreshed_at' | 'terminal'>;

/** When the machine was last read: by the host itself, or because somebody asked or it changed. */
export function readAt({ observed_at, refreshed_at }: Read): string | null {
  if (!observed_at || !refreshed_at) return observed_at ?? refreshed_at;
  return Date.parse(observed_at) > Date.parse(refreshed_at) ? observed_at : refreshed_at;
}

/** Is what the page says of the machine too old to be relied on? */
export function isOld(vm: Read, now = hostNow()): boolean {
  const at = readAt(vm);
  return !vm.terminal && at !== null && now.getTime() - Date.parse(at) > OLD;
}

/** The last day of a term that began then. A month that is too short ends it earlier. */
export function termEnd(begun: string, months: number): Date {
  const end = new Date(begun);
  const day = end.getDate();
  end.setDate(1);
  end.setMonth(end.getMonth() + months);
  const last = new Date(end.getFullYear(), end.getMonth() + 1, 0).getDate();
  end.setDate(Math.min(day, last));
  return end;
}
