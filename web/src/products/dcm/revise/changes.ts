import { readWholeNumber } from '@/shell/app/form/whole-number';
import type { Row } from '../api';
import type { RequestValues } from '../catalogue/request-values';

type Former = Pick<
  Row<'requests'>,
  'offering' | 'offering_name' | 'cpus' | 'memory_gb' | 'term_months' | 'monthly_cents' | 'justification'
>;

/** Values of the new revision that are not typed. */
interface Present {
  offering_name: string;
  /** Undefined: no price is known for what was typed. */
  monthly_cents: number | undefined;
}

/** Difference between a request and its new revision. */
export type Change =
  | { of: 'offering'; before: string; now: string }
  | { of: 'cpus' | 'memory_gb' | 'term_months' | 'monthly_cents'; before: number | null; now: number }
  | { of: 'justification' };

/**
 * Differences in the order of the form; text that is no number is none, since the host refuses it.
 */
export function changesOf(former: Former, values: RequestValues, present: Present): Change[] {
  const changes: Change[] = [];
  if (values.offering !== former.offering)
    changes.push({ of: 'offering', before: former.offering_name ?? '', now: present.offering_name });
  for (const of of ['cpus', 'memory_gb', 'term_months'] as const) {
    const now = readWholeNumber(values[of]);
    if (now !== null && now !== former[of]) changes.push({ of, before: former[of], now });
  }
  if (present.monthly_cents !== undefined && present.monthly_cents !== former.monthly_cents)
    changes.push({ of: 'monthly_cents', before: former.monthly_cents, now: present.monthly_cents });
  if (values.justification.trim() !== (former.justification ?? '').trim())
    changes.push({ of: 'justification' });
  return changes;
}
