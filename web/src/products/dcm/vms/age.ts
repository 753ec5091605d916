import { hostNow } from '@/shell/api/host-clock';
import type { Row } from '../api';

/** Age in milliseconds from which a reading is marked as old; the host observes every 4 minutes. */
const OLD = 10 * 60_000;

type Read = Pick<Row<'vms'>, 'observed_at' | 'refreshed_at' | 'terminal'>;

/** Time of the last reading, by observation, refresh or change. */
export function readAt({ observed_at, refreshed_at }: Read): string | null {
  if (!observed_at || !refreshed_at) return observed_at ?? refreshed_at;
  return Date.parse(observed_at) > Date.parse(refreshed_at) ? observed_at : refreshed_at;
}

/** Whether the reading is too old to rely on. */
export function isOld(vm: Read, now = hostNow()): boolean {
  const at = readAt(vm);
  return !vm.terminal && at !== null && now.getTime() - Date.parse(at) > OLD;
}

/** Last day of a term, clamped to the length of its last month. */
export function termEnd(begun: string, months: number): Date {
  const end = new Date(begun);
  const day = end.getDate();
  end.setDate(1);
  end.setMonth(end.getMonth() + months);
  const last = new Date(end.getFullYear(), end.getMonth() + 1, 0).getDate();
  end.setDate(Math.min(day, last));
  return end;
}
