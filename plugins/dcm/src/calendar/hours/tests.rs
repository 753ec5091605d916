//! Tests of business hours: sums, changes of the clocks, and properties over random times.

use super::super::day::TimeOfDay;
use super::super::holidays::State;
use super::*;
use eaf_sdk::testing::SeededRandom;
use serde_json::{Value, json};

fn hours(from: &str, to: &str) -> Value {
    json!({ "from": from, "to": to })
}

/// Creates a calendar that has the same hours on each of the given weekdays.
fn calendar(zone: &str, weekdays: &[&str], from: &str, to: &str) -> Calendar {
    let week: serde_json::Map<_, _> = weekdays.iter().map(|day| (day.to_string(), hours(from, to))).collect();
    Calendar::read(&json!({ "zone": zone, "hours": week }), "").unwrap()
}

const WEEKDAYS: [&str; 5] = ["monday", "tuesday", "wednesday", "thursday", "friday"];
const WEEK: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

fn added(calendar: &Calendar, start: &str, hours: u32) -> String {
    let result = calendar.add_business_hours(at(start), hours).unwrap();
    Timestamp::from_millisecond(result).unwrap().to_string()
}

#[test]
fn hours_run_in_working_time_only() {
    let berlin = calendar("Europe/Berlin", &WEEKDAYS, "08:00", "16:00");
    // Wednesday 10:00 in Berlin, in winter.
    for (hours, expected) in [
        (0, "2026-01-14T09:00:00Z"),
        (6, "2026-01-14T15:00:00Z"),
        (7, "2026-01-15T08:00:00Z"),
        (16, "2026-01-16T09:00:00Z"),
        (23, "2026-01-19T08:00:00Z"),
    ] {
        assert_eq!(added(&berlin, "2026-01-14T09:00:00Z", hours), expected, "{hours} hours");
    }
    // In the evening and on a weekend, time begins with the next working day.
    assert_eq!(added(&berlin, "2026-01-14T20:00:00Z", 0), "2026-01-15T07:00:00Z");
    assert_eq!(added(&berlin, "2026-01-17T09:00:00Z", 1), "2026-01-19T08:00:00Z");
}

#[test]
fn holidays_and_own_days_are_off() {
    let mut berlin = calendar("Europe/Berlin", &WEEKDAYS, "08:00", "16:00");
    berlin.state = Some(State::Nw);
    berlin.days_off.insert("2026-04-07".parse().unwrap());
    // Maundy Thursday 15:00; Good Friday, Easter Monday and Tuesday are off.
    assert_eq!(added(&berlin, "2026-04-02T13:00:00Z", 2), "2026-04-08T07:00:00Z");
}

#[test]
fn a_working_day_of_eight_hours_has_eight_hours_when_the_clocks_change() {
    let days = calendar("Europe/Berlin", &WEEK, "08:00", "16:00");
    // Saturday 8:00 to Monday 8:00, over both changes: 16 hours.
    for (saturday, monday) in
        [("2026-03-28T07:00:00Z", "2026-03-30T06:00:00Z"), ("2026-10-24T06:00:00Z", "2026-10-26T07:00:00Z")]
    {
        assert_eq!(days.business_minutes_between(at(saturday), at(monday)), Ok(16 * 60));
        assert_eq!(days.add_business_hours(at(saturday), 17), Ok(at(monday) + HOUR));
    }
    // A day of all hours has 23 and 25.
    let nights = calendar("Europe/Berlin", &WEEK, "00:00", "24:00");
    for (from, to, hours) in
        [("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 23), ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 25)]
    {
        assert_eq!(nights.business_minutes_between(at(from), at(to)), Ok(hours * 60));
        assert_eq!(nights.add_business_hours(at(from), hours as u32), Ok(at(to)));
    }
}

#[test]
fn local_times_that_do_not_exist_or_exist_twice_are_at_the_change() {
    let sunday = |from: &str, to: &str| calendar("Europe/Berlin", &["sunday"], from, to);
    let minutes = |calendar: &Calendar, day: &str| {
        let start = at(&format!("{day}T00:00:00Z")) - 2 * HOUR;
        calendar.business_minutes_between(start, start + 30 * HOUR).unwrap()
    };
    let (spring, autumn) = ("2026-03-29", "2026-10-25");
    // From 2:00 the clock jumps to 3:00.
    assert_eq!(minutes(&sunday("02:30", "04:00"), spring), 60);
    assert_eq!(minutes(&sunday("01:00", "02:30"), spring), 60);
    assert_eq!(minutes(&sunday("02:10", "02:50"), spring), 0);
    assert_eq!(minutes(&sunday("01:30", "03:30"), spring), 60);
    // From 3:00 the clock jumps back to 2:00.
    assert_eq!(minutes(&sunday("02:30", "04:00"), autumn), 150);
    assert_eq!(minutes(&sunday("01:00", "02:30"), autumn), 150);
    assert_eq!(minutes(&sunday("02:00", "03:00"), autumn), 120);
}

#[test]
fn a_search_without_end_is_an_error() {
    let never = Calendar { hours: Default::default(), ..Calendar::default() };
    assert_eq!(never.add_business_hours(0, 1), Err(OutOfReach));
    let weekly = calendar("UTC", &["monday"], "08:00", "09:00");
    assert!(weekly.add_business_hours(0, 200).is_ok());
    assert_eq!(weekly.add_business_hours(0, 400), Err(OutOfReach));
    let default = Calendar::default();
    for extreme in [i64::MIN, i64::MAX, 253_402_207_200_000, -377_705_000_000_000] {
        assert_eq!(default.add_business_hours(extreme, u32::MAX), Err(OutOfReach), "{extreme}");
        assert!(default.business_minutes_between(extreme, i64::MAX).is_err() || extreme == i64::MAX);
        let _ = default.local(extreme);
    }
    // A deadline has a time nevertheless.
    assert_eq!(never.after(5, 2), 5 + 2 * HOUR);
    assert_eq!(never.after(i64::MAX, 2), i64::MAX);
    let reversed = Hours { from: TimeOfDay::hour(17), to: TimeOfDay::hour(8) };
    let mut stored = Calendar { hours: Default::default(), ..Calendar::default() };
    stored.hours.monday = Some(reversed);
    assert_eq!(stored.add_business_hours(0, 0), Err(OutOfReach));
}

#[test]
fn weekday_and_hour_are_those_of_the_local_clock() {
    let berlin = Calendar::default();
    assert_eq!(berlin.local(at("2026-06-14T22:30:00Z")), Ok(Local { weekday: 1, hour: 0 }));
    assert_eq!(berlin.local(at("2026-01-18T22:30:00Z")), Ok(Local { weekday: 7, hour: 23 }));
}

/// Calendar whose days and hours are random, near the changes of the clocks.
fn random_calendar(random: &mut SeededRandom) -> Calendar {
    let zone = random.pick(Zone::ALL).as_str();
    let from = random.below(20);
    let to = from + 1 + random.below(24 - from);
    let weekdays: Vec<&str> = WEEK.iter().copied().filter(|_| random.below(3) > 0).chain(["sunday"]).collect();
    let time = |hour: usize, minute: &str| format!("{hour:02}:{}", if hour == 24 { "00" } else { minute });
    let minute = ["00", "30"][random.below(2)];
    let mut calendar = calendar(zone, &weekdays, &time(from, minute), &time(to, "45"));
    calendar.state = (random.below(2) == 0).then(|| *random.pick(State::ALL));
    calendar
}

#[test]
fn sums_of_business_hours_are_associative_monotone_and_in_working_time() {
    let mut random = SeededRandom::new(1);
    for case in 0..2_000 {
        let calendar = random_calendar(&mut random);
        let base = *random.pick(&["2026-03-26T00:00:00Z", "2026-10-22T00:00:00Z", "2026-12-20T00:00:00Z"]);
        let start = at(base) + random.below(7 * 24 * 60) as i64 * MINUTE;
        let (a, b) = (random.below(30) as u32, random.below(30) as u32);
        let add = |start: i64, hours: u32| calendar.add_business_hours(start, hours).unwrap();
        let (first, both) = (add(start, a), add(start, a + b));
        assert_eq!(add(first, b), both, "case {case}: {start} + {a} + {b}");
        assert!(first >= start && both >= first, "case {case}");
        let later = start + random.below(3 * 24 * 60) as i64 * MINUTE;
        assert!(add(later, a) >= first, "case {case}: monotone");
        let day = local(calendar.zone, first).unwrap().date();
        let working =
            [Some(day), day.yesterday().ok()].into_iter().flatten().filter_map(|day| calendar.working_time(day));
        assert!(working.into_iter().any(|(open, close)| (open..=close).contains(&first)), "case {case}: {first}");
        assert_eq!(calendar.business_minutes_between(start, first), Ok(i64::from(a) * 60), "case {case}");
    }
}
