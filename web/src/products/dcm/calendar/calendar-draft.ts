import { type FieldProblem, Problem } from '@/shell/api/problem';
import { normalizeInput } from '@/shell/app/form/normalize-input';

export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export const ZONES = [
  'Europe/Berlin',
  'Europe/Vienna',
  'Europe/Zurich',
  'Europe/Paris',
  'Europe/London',
  'Europe/Madrid',
  'Europe/Warsaw',
  'UTC',
] as const;

/** Letters of the German states by ISO 3166-2. */
export const STATES = [
  'BW',
  'BY',
  'BE',
  'BB',
  'HB',
  'HH',
  'HE',
  'MV',
  'NI',
  'NW',
  'RP',
  'SL',
  'SN',
  'ST',
  'SH',
  'TH',
] as const;
export type State = (typeof STATES)[number];

interface Hours {
  from: string;
  to: string;
}

/** Calendar document, as the command and the view contain it. */
export interface CalendarDocument {
  zone: string;
  hours: Partial<Record<Weekday, Hours>>;
  state?: string;
  days_off?: string[];
}

const USUAL: Hours = { from: '08:00', to: '17:00' };

/** Calendar that holds until an administrator sets one, as in plugins/dcm/src/calendar. */
export const DEFAULT_CALENDAR: CalendarDocument = {
  zone: 'Europe/Berlin',
  hours: { monday: USUAL, tuesday: USUAL, wednesday: USUAL, thursday: USUAL, friday: USUAL },
};

/** Calendar as typed. The days off are ISO dates, one per line. */
export type CalendarDraft = { zone: string; state: string; days_off: string } & Record<
  `${Weekday}_works`,
  boolean
> &
  Record<`${Weekday}_${'from' | 'to'}`, string>;

export const CALENDAR_FIELDS = [
  'zone',
  'state',
  'days_off',
  ...WEEKDAYS.flatMap(day => [`${day}_works`, `${day}_from`, `${day}_to`] as const),
] as const;

/** Place of errors about the week as a whole. */
export const WEEK = 'hours';

export function toDraft({ zone, hours, state = '', days_off: days = [] }: CalendarDocument): CalendarDraft {
  const draft = { zone, state, days_off: days.join('\n') } as CalendarDraft;
  for (const day of WEEKDAYS) {
    const { from, to } = hours[day] ?? USUAL;
    draft[`${day}_works`] = hours[day] !== undefined;
    draft[`${day}_from`] = from;
    draft[`${day}_to`] = to;
  }
  return draft;
}

/** Converts typed values to a document. Days off are sorted, as the host returns them. */
export function toCalendar(draft: CalendarDraft): CalendarDocument {
  const hours: CalendarDocument['hours'] = {};
  for (const day of WEEKDAYS) {
    if (draft[`${day}_works`])
      hours[day] = { from: normalizeInput(draft[`${day}_from`]), to: normalizeInput(draft[`${day}_to`]) };
  }
  const days = daysOf(draft.days_off);
  return {
    zone: draft.zone,
    hours,
    ...(draft.state ? { state: draft.state } : {}),
    ...(days.length > 0 ? { days_off: days } : {}),
  };
}

export const daysOf = (typed: string): string[] => [...new Set(typed.split('\n').filter(Boolean))].sort();

const HOURS = /^\/calendar\/hours\/([a-z]+)(?:\/(from|to))?$/u;

/** Field of an error in the command, as a pointer into the form. */
export function fieldOf(pointer: string): string {
  const [, day, end] = HOURS.exec(pointer) ?? [];
  // Hours that end before they begin are corrected at their end.
  if (day && WEEKDAYS.some(one => one === day)) return `/${day}_${end ?? 'to'}`;
  if (pointer.startsWith('/calendar/days_off')) return '/days_off';
  return pointer.replace(/^\/calendar\/(zone|state|hours)$/u, '/$1');
}

/** Problem with each error at the field that shows it. */
export function atFields(problem: Problem): Problem {
  const errors = problem.errors.map((error): FieldProblem => ({ ...error, pointer: fieldOf(error.pointer) }));
  const { status, code, title, detail, params } = problem;
  return new Problem({ status, code, title, detail, params, trace_id: problem.traceId, errors });
}
