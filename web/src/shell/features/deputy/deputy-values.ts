import { fromLocal, toLocal } from '@/shell/app/form/local-time';
import { requireAll } from '@/shell/app/form/own-problem';
import type { Deputy, DeputyBody } from './deputies';
import type { text } from './text';

/** Values of the form; times are those of `datetime-local` inputs in the reader's zone. */
export interface DeputyValues {
  starts_at: string;
  ends_at: string;
  /** Id of the deputy; empty: none is chosen. */
  deputy: string;
  deputyName: string;
}

/** The present deputy, or an absence that begins now. */
export function toValues(deputy: Deputy | null, now: Date): DeputyValues {
  return {
    starts_at: toLocal(deputy?.starts_at ?? now.toISOString()),
    ends_at: toLocal(deputy?.ends_at),
    deputy: deputy?.actor ?? '',
    deputyName: deputy?.name ?? '',
  };
}

/** Throws if a value is missing. */
export function toBody(values: DeputyValues, t: (typeof text)['en']): DeputyBody {
  const [from, until] = [fromLocal(values.starts_at) ?? '', fromLocal(values.ends_at) ?? ''];
  requireAll({
    '/starts_at': [from, t.timeMissing],
    '/ends_at': [until, t.timeMissing],
    '/deputy': [values.deputy, t.personMissing],
  });
  return { deputy: values.deputy, starts_at: from, ends_at: until };
}
