import type { Format } from '@/shell/i18n/format';
import type { Reason } from './approval';
import type { StageWords } from './text';

/** Names that the reasons of a request show instead of keys. */
export interface Subject {
  offering_name: string | null;
  currency: string | null;
  /** Number of machines that are requested together. */
  order_lines?: number | null;
}

const OPPOSITE: Record<string, string> = { gt: 'le', ge: 'lt', lt: 'ge', le: 'gt', eq: 'ne', ne: 'eq' };

/** Sentence that begins with “because”; null: a stage that every request has. */
export function because(
  reasons: readonly Reason[],
  subject: Subject,
  t: StageWords,
  format: Format,
): string | null {
  const parts = reasons.map(reason => partOf(reason, subject, t, format));
  const distinct = [...new Set(parts)];
  return distinct.length > 0 ? t.because(format.allOf(distinct)) : null;
}

/**
 * One reason. Keys of offerings, groups and kinds do not appear: the offering has its name, and a
 * group is not named.
 */
function partOf(reason: Reason, subject: Subject, t: StageWords, format: Format): string {
  const { fact, actual, holds } = reason;
  const words = t.facts;
  switch (fact) {
    case 'kind':
      return words.kind;
    case 'offering':
      return subject.offering_name ? words.offering(subject.offering_name) : words.someOffering;
    case 'requester_groups':
      return holds ? words.inGroup : words.notInGroup;
    case 'cost_centre':
      return actual === '' ? words.noCostCentre : words.costCentre(String(actual));
    case 'cpus':
    case 'memory_gb':
    case 'term_months':
    case 'machines':
    case 'weekday':
    case 'hour':
      return words[fact](compared(reason, subject, t, format));
    case 'monthly_cents':
    case 'total_cents':
      return words[isOrder(subject) ? (`all_${fact}` as const) : fact](compared(reason, subject, t, format));
    default:
      return words.other;
  }
}

/** Whether a cost is that of several machines. */
const isOrder = ({ order_lines }: Subject) => (order_lines ?? 1) > 1;

/** Value of a fact with the limit that it exceeds or keeps. */
function compared({ fact, actual, is, bound, holds }: Reason, of: Subject, t: StageWords, format: Format) {
  const show = (value: unknown) => shown(fact, Number(value), of, t, format);
  const operator = holds ? is : (OPPOSITE[is] ?? is);
  const limit = t.limits[operator as keyof StageWords['limits']];
  if (!limit || Array.isArray(bound)) return show(actual);
  return `${show(actual)} (${limit(show(bound))})`;
}

function shown(fact: string, value: number, { currency }: Subject, t: StageWords, format: Format): string {
  if (fact.endsWith('_cents')) return format.money(value, currency);
  if (fact === 'memory_gb') return `${format.number(value)} GB`;
  if (fact === 'weekday') return t.weekdays[value as keyof StageWords['weekdays']] ?? '';
  if (fact === 'hour') return t.hour(String(value).padStart(2, '0'));
  return format.number(value);
}
