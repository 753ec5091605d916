import { describe, expect, it } from 'vitest';
import {
  CALENDAR_FIELDS,
  type CalendarDocument,
  DEFAULT_CALENDAR,
  WEEK,
  fieldOf,
  toCalendar,
  toDraft,
} from './calendar-draft';

const complete: CalendarDocument = {
  zone: 'Europe/Berlin',
  hours: { monday: { from: '08:00', to: '17:30' }, saturday: { from: '00:00', to: '24:00' } },
  state: 'NW',
  days_off: ['2026-12-24', '2026-12-31'],
};

describe('the form of a calendar', () => {
  it.each([
    ['complete', complete],
    ['default', DEFAULT_CALENDAR],
  ])('gives the document that it was made from: %s', (_, calendar) => {
    expect(toCalendar(toDraft(calendar))).toEqual(calendar);
  });

  it('lists each day off once, in order', () => {
    const draft = { ...toDraft(complete), days_off: '2026-12-31\n2026-12-24\n2026-12-31' };
    expect(toCalendar(draft).days_off).toEqual(['2026-12-24', '2026-12-31']);
  });
});

describe('an error of the host', () => {
  it.each([
    ['/calendar/zone', 'zone'],
    ['/calendar/state', 'state'],
    ['/calendar/days_off/3', 'days_off'],
    ['/calendar/hours/monday/from', 'monday_from'],
    ['/calendar/hours/friday', 'friday_to'],
    ['/calendar/hours', WEEK],
  ])('at %s is shown at %s', (pointer, field) => {
    expect(fieldOf(pointer)).toBe(`/${field}`);
    expect([...CALENDAR_FIELDS, WEEK]).toContain(field);
  });

  it('without a field stays for the alert', () => {
    expect(fieldOf('/calendar/moon')).toBe('/calendar/moon');
  });
});
