import { hostNow } from '@/shell/api/host-clock';
import { useFormat } from '@/shell/i18n/format';
import { useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { useAllRows, useRows } from '../api';
import { monthOnAxis } from './axis';
import { Chart, type Point } from './chart';
import {
  type Month,
  OUTCOMES,
  type Outcome,
  costByMonth,
  decisionsByTime,
  openByAge,
  outcomesByMonth,
} from './figures';
import { text } from './text';

const COLOURS: Record<Outcome, string> = {
  approved: 'var(--good)',
  auto_approved: 'var(--good-line)',
  rejected: 'var(--bad)',
  expired: 'var(--wait)',
  withdrawn: 'var(--line-strong)',
};

/** Number of open requests that the chart of their ages counts. */
const OLDEST = 200;

/** Charts of requests, decisions and cost, for the people who read all requests. */
export function Overview() {
  const t = useText(text);
  const months = useAllRows('months', { sort: 'month' }).data;
  if (!months) return null;
  return (
    <section aria-label={t.title} className="col-span-full grid gap-6 @3xl:grid-cols-2">
      <OpenByAge />
      <TimeToDecision months={months} />
      <Outcomes months={months} />
      <Costs months={months} />
    </section>
  );
}

function OpenByAge() {
  const t = useText(text);
  const format = useFormat();
  const { data, hasNextPage } = useRows('requests', {
    status: 'pending',
    sort: 'submitted_at',
    limit: OLDEST,
  });
  const counts = openByAge(data?.map(row => row.submitted_at) ?? [], hostNow());
  const points = counts.map((count, index): Point => ({ label: t.age.days[index] ?? '', values: { count } }));
  return (
    <Chart
      title={t.age.title}
      axis={t.age.column}
      points={points}
      series={[{ key: 'count', name: t.count, colour: 'var(--accent)' }]}
      show={format.number}
      note={hasNextPage ? t.age.more(format.number(OLDEST)) : undefined}
    />
  );
}

function TimeToDecision({ months }: { months: Month[] }) {
  const t = useText(text);
  const format = useFormat();
  const counts = decisionsByTime(months, hostNow());
  const points = counts.map((count, index): Point => ({
    label: t.time.classes[index] ?? '',
    values: { count },
  }));
  return (
    <Chart
      title={t.time.title}
      axis={t.time.column}
      points={points}
      series={[{ key: 'count', name: t.count, colour: 'var(--accent)' }]}
      show={format.number}
    />
  );
}

function Outcomes({ months }: { months: Month[] }) {
  const t = useText(text);
  const format = useFormat();
  const pointOf = useMonthPoint();
  const points = outcomesByMonth(months, hostNow()).map(({ month, counts }, index) =>
    pointOf(month, index, counts),
  );
  return (
    <Chart
      title={t.outcomes.title}
      axis={t.month}
      points={points}
      series={OUTCOMES.map(key => ({ key, name: t.outcomes[key], colour: COLOURS[key] }))}
      show={format.number}
      note={t.utc}
    />
  );
}

/** One chart for each currency. */
function Costs({ months }: { months: Month[] }) {
  const t = useText(text);
  const format = useFormat();
  const pointOf = useMonthPoint();
  const compact = new Intl.NumberFormat(useLanguage(), { notation: 'compact' });
  return [...costByMonth(months, hostNow())].map(([currency, costs]) => (
    <Chart
      key={currency}
      title={t.cost.title(currency)}
      axis={t.month}
      points={costs.map(({ month, cents }, index) => pointOf(month, index, { cents }))}
      series={[{ key: 'cents', name: t.cost.column, colour: 'var(--accent)' }]}
      show={cents => format.money(cents, currency)}
      label={cents => compact.format(cents / 100)}
      note={t.utc}
    />
  ));
}

/** Bar of a month, with labels such as `Nov 26` in the table and `Nov` on the axis. */
function useMonthPoint(): (month: string, index: number, values: Point['values']) => Point {
  const locale = useLanguage();
  const name = new Intl.DateTimeFormat(locale, { month: 'short', year: '2-digit', timeZone: 'UTC' });
  return (month, index, values) => ({
    label: name.format(new Date(`${month}-01T00:00:00Z`)),
    onAxis: monthOnAxis(locale, month, index),
    values,
  });
}
