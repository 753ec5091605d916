import type { Row } from '../api';

export type Month = Row<'months'>;

/** Number of months that the charts show, the present one included. */
export const MONTHS = 12;

export const OUTCOMES = ['approved', 'auto_approved', 'rejected', 'expired', 'withdrawn'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Upper limits, in days, of the classes of open requests by age; a last class has older ones. */
export const AGE_DAYS = [1, 3, 7, 30] as const;

const DAY_MS = 86_400_000;

/** The last twelve months in UTC as `2026-11`, the oldest first. */
export function lastMonths(now: Date): string[] {
  return Array.from({ length: MONTHS }, (_, index) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - (MONTHS - 1 - index), 1))
      .toISOString()
      .slice(0, 7),
  );
}

export interface OutcomesOfMonth {
  month: string;
  counts: Record<Outcome, number>;
}

/** Decided requests by outcome for each of the last twelve months. */
export function outcomesByMonth(rows: readonly Month[], now: Date): OutcomesOfMonth[] {
  const known = new Map(rows.map(row => [row.month, row]));
  return lastMonths(now).map(month => {
    const row = known.get(month);
    const counts = Object.fromEntries(OUTCOMES.map(outcome => [outcome, row?.[outcome] ?? 0]));
    return { month, counts: counts as Record<Outcome, number> };
  });
}

/** Decisions of the last twelve months by the time that they took, in the classes of the host. */
export function decisionsByTime(rows: readonly Month[], now: Date): number[] {
  const shown = new Set(lastMonths(now));
  const classes = rows
    .filter(row => shown.has(row.month ?? ''))
    .map(row => (row.decided_within ?? []) as number[]);
  const count = Math.max(0, ...classes.map(({ length }) => length));
  return Array.from({ length: count }, (_, index) =>
    classes.reduce((sum, one) => sum + (one[index] ?? 0), 0),
  );
}

export interface CostOfMonth {
  month: string;
  /** Cost of all machines per month at the end of this month, in integer cents. */
  cents: number;
}

/** Cost of all machines at the end of each of the last twelve months, by currency. */
export function costByMonth(rows: readonly Month[], now: Date): Map<string, CostOfMonth[]> {
  const changes = rows.map(row => ({
    month: row.month ?? '',
    change: (row.cost_change ?? {}) as Record<string, number>,
  }));
  const currencies = [...new Set(changes.flatMap(({ change }) => Object.keys(change)))].toSorted();
  const until = (currency: string, last: string) =>
    changes
      .filter(({ month }) => month <= last)
      .reduce((sum, { change }) => sum + (change[currency] ?? 0), 0);
  return new Map(
    currencies.map(currency => [
      currency,
      lastMonths(now).map(month => ({ month, cents: until(currency, month) })),
    ]),
  );
}

/** Open requests by age, in the classes of `AGE_DAYS`. */
export function openByAge(submitted: readonly (string | null)[], now: Date): number[] {
  const counts = [...AGE_DAYS.map(() => 0), 0];
  for (const at of submitted) {
    const days = (now.getTime() - Date.parse(at ?? '')) / DAY_MS;
    const index = AGE_DAYS.findIndex(limit => days <= limit);
    counts[index === -1 ? AGE_DAYS.length : index]! += 1;
  }
  return counts;
}
