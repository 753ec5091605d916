import { type Fact, Facts } from '@/shell/app/page/facts';
import { Panel } from '@/shell/app/page/panel';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { type CalendarDocument, type State, WEEKDAYS } from './calendar-draft';
import { text } from './text';

/** Calendar for people who read it and do not change it. */
export function CalendarWords({ calendar }: { calendar: CalendarDocument }) {
  const t = useText(text);
  const format = useFormat();
  const { zone, hours, state, days_off: days = [] } = calendar;
  const facts: Fact[] = [
    { label: t.zone, value: zone },
    ...WEEKDAYS.map(day => {
      const time = hours[day];
      return { label: t.weekdays[day], value: time ? t.hours(time.from, time.to) : t.free };
    }),
    { label: t.state, value: state ? (t.states[state as State] ?? state) : t.noState },
    { label: t.daysOff, value: days.map(day => format.date(day)).join(', ') || t.noDaysOff },
  ];
  return (
    <Panel title={t.title} className="max-w-3xl">
      <Facts facts={facts} />
    </Panel>
  );
}
