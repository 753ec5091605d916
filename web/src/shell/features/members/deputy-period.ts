import { hostNow } from '@/shell/api/host-clock';
import type { Format } from '@/shell/i18n/format';
import type { text } from './text';

export interface ShownDeputy {
  name: string;
  starts_at: string;
  ends_at: string;
}

type Words = (typeof text)['en'];

/** Deputy with the period in the reader's zone. */
export function deputyPeriod(
  { name, starts_at: from, ends_at: until }: ShownDeputy,
  t: Words,
  format: Format,
  now = hostNow(),
): string {
  const end = format.dateTime(until);
  return new Date(from) > now ? t.deputyLater(name, format.dateTime(from), end) : t.deputyNow(name, end);
}
