import type { Language } from '@/shell/i18n/language';
import { oneOf, search, type Search, words } from '@/shell/app/search';

export const SOURCES = ['log', 'host', 'call'] as const;
export type Source = (typeof SOURCES)[number];

/** What narrows the list. The address has these under the names that the host knows. */
export interface AuditFilters {
  actor: string;
  act: string;
  object: string;
  outcome: string;
  trace: string;
  from: string;
  to: string;
  source: Source;
  /** Part of the name of what it was about. */
  thing: string;
  /** By or about this person. */
  person: string;
}

export type AuditSearch = Search<AuditFilters>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/u;

const LOCAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/u;

const id = (value: unknown) => (typeof value === 'string' && UUID.test(value) ? value : undefined);

/** With its zone: an address that is sent to a colleague means the same moment there. */
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

/** What the host is asked: no blanks around what was typed, and nothing that is empty. */
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

/** The same rows as a file, as the page shows them. People open it with Excel; programs ask the API for RFC 4180. */
export function csvAddress(filters: AuditSearch, zone: string, language: Language): string {
  const query = new URLSearchParams({ ...toQuery(filters), dialect: 'excel', zone, language });
  return `/api/host/audit.csv?${query.toString()}`;
}

/** From the value of a `datetime-local` input, in the reader's zone. */
export function fromLocal(local: string): string | undefined {
  if (!LOCAL.test(local)) return undefined;
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString().replace(/(:00)?\.\d+Z$/u, '$1Z');
}

const two = (part: number) => String(part).padStart(2, '0');

/** The other way round; to the minute, as such an input shows it. */
export function toLocal(instant: string | undefined): string {
  const at = instant ? new Date(instant) : null;
  if (!at || Number.isNaN(at.getTime())) return '';
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

const DAYS = { day: 1, week: 7, month: 30 };

/** Everything since so long ago, to the minute. */
export function lately(span: keyof typeof DAYS, now: Date): AuditSearch {
  const from = new Date(now.getTime() - DAYS[span] * 86_400_000);
  from.setUTCSeconds(0, 0);
  return { from: from.toISOString().replace('.000Z', 'Z'), to: undefined };
}

/** Nothing lies between these two. */
export function isReversed({ from, to }: AuditSearch): boolean {
  return from !== undefined && to !== undefined && Date.parse(to) <= Date.parse(from);
}
