import type { Language } from '@/shell/i18n/language';
import { oneOf, search, type Search, words } from '@/shell/app/search';

export const SOURCES = ['log', 'host', 'call'] as const;
export type Source = (typeof SOURCES)[number];

/** Filters, under the names that the host uses in addresses. */
export interface AuditFilters {
  actor: string;
  act: string;
  object: string;
  outcome: string;
  trace: string;
  from: string;
  to: string;
  source: Source;
  /** Part of the name of the thing. */
  thing: string;
  /** Acts by or about this person. */
  person: string;
}

export type AuditSearch = Search<AuditFilters>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/u;

const id = (value: unknown) => (typeof value === 'string' && UUID.test(value) ? value : undefined);

/** Time with zone, so that a shared address means the same moment. */
function instant(value: unknown): string | undefined {
  if (typeof value !== 'string' || !INSTANT.test(value)) return undefined;
  return Number.isNaN(Date.parse(value)) ? undefined : value;
}

export const readSearch = search<AuditFilters>({
  actor: id,
  act: words,
  object: words,
  outcome: words,
  trace: words,
  from: instant,
  to: instant,
  source: oneOf(...SOURCES),
  thing: words,
  person: id,
});

/** Query for the host, with trimmed text and without empty values. */
export function toQuery(filters: AuditSearch): Partial<AuditFilters> {
  const query: Record<string, string> = {};
  for (const [name, value] of Object.entries(filters)) {
    const text = value?.trim();
    if (text) query[name] = text;
  }
  return query;
}

export const isFiltered = (filters: AuditSearch): boolean => Object.keys(toQuery(filters)).length > 0;

export function countFilters(filters: AuditSearch): number {
  return Object.keys(toQuery(filters)).length;
}

/** Address of the filtered rows as a CSV file for Excel; programs use the API's RFC 4180 format. */
export function csvAddress(filters: AuditSearch, zone: string, language: Language): string {
  const query = new URLSearchParams({ ...toQuery(filters), dialect: 'excel', zone, language });
  return `/api/host/audit.csv?${query.toString()}`;
}

const DAYS = { day: 1, week: 7, month: 30 };

/** Filter for the time since a number of days, to the minute. */
export function lately(span: keyof typeof DAYS, now: Date): AuditSearch {
  const from = new Date(now.getTime() - DAYS[span] * 86_400_000);
  from.setUTCSeconds(0, 0);
  return { from: from.toISOString().replace('.000Z', 'Z'), to: undefined };
}

/** Whether the range is reversed and so matches no rows. */
export function isReversed({ from, to }: AuditSearch): boolean {
  return from !== undefined && to !== undefined && Date.parse(to) <= Date.parse(from);
}
