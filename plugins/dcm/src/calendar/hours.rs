//! Arithmetic of business hours.
//!
//! Business hours are elapsed time within the working time of each day. A change of the clocks
//! affects only the two ends of a day's working time. If the local clock skips an opening or a
//! closing, it is at the moment of the change. If a local time occurs twice, an opening is the
//! earlier of the two moments and a closing the later one.

use super::document::{Calendar, Hours};
use super::zone::Zone;
use crate::policy::approval::BusinessHours;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::AmbiguousOffset;

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;
/// Number of days after which a search for working time ends: 5 years.
pub const SEARCH_DAYS: usize = 5 * 366;

/// Error: the calendar has no working time within 5 years, or a time is outside the years that can
/// be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfReach;

/// Weekday and hour of a time in the calendar's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// Day of the week: 1 (Monday) to 7 (Sunday).
    pub weekday: u8,
    /// Hour of the day: 0 to 23.
    pub hour: u8,
}

impl Calendar {
    /// Time that is `hours` of working time after `start`, both in milliseconds since 1970. The
    /// result is within working time; the moment of closing counts as working time.
    pub fn add_business_hours(&self, start: i64, hours: u32) -> Result<i64, OutOfReach> {
        self.add_working_ms(start, i64::from(hours) * HOUR)
    }

    fn add_working_ms(&self, start: i64, mut left: i64) -> Result<i64, OutOfReach> {
        for (open, close) in self.days(start)? {
            let from = open.max(start);
            if from > close {
                continue;
            }
            if left <= close - from {
                return Ok(from + left);
            }
            left -= close - from;
        }
        Err(OutOfReach)
    }

    /// Whole minutes of working time from `start` to `end`; 0 if `end` is not after `start`.
    pub fn business_minutes_between(&self, start: i64, end: i64) -> Result<i64, OutOfReach> {
        self.working_ms_between(start, end).map(|ms| ms / MINUTE)
    }

    fn working_ms_between(&self, start: i64, end: i64) -> Result<i64, OutOfReach> {
        if end <= start {
            return Ok(0);
        }
        let mut sum = 0;
        let last = local(self.zone, end)?.date();
        let mut date = local(self.zone, start)?.date();
        for _ in 0..SEARCH_DAYS {
            if let Some((open, close)) = self.working_time(date) {
                sum += (close.min(end) - open.max(start)).max(0);
            }
            if date >= last {
                return Ok(sum);
            }
            date = date.tomorrow().map_err(|_| OutOfReach)?;
        }
        Err(OutOfReach)
    }

    /// Weekday and hour of a time, in the calendar's time zone, for the facts of a policy. `at` is
    /// in milliseconds since 1970.
    pub fn local(&self, at: i64) -> Result<Local, OutOfReach> {
        let local = local(self.zone, at)?;
        let small = |number: i8| u8::try_from(number).unwrap_or(0);
        Ok(Local { weekday: small(local.weekday().to_monday_one_offset()), hour: small(local.hour()) })
    }

    /// Opening and closing of each working day, in milliseconds since 1970, from the day of `start`
    /// on, for at most 5 years.
    fn days(&self, start: i64) -> Result<impl Iterator<Item = (i64, i64)>, OutOfReach> {
        let first = local(self.zone, start)?.date();
        let dates = std::iter::successors(Some(first), |date| date.tomorrow().ok());
        Ok(dates.take(SEARCH_DAYS).filter_map(|date| self.working_time(date)))
    }

    /// Opening and closing of a date, in milliseconds since 1970; `None` if the date is no working
    /// day.
    fn working_time(&self, date: Date) -> Option<(i64, i64)> {
        let Hours { from, to } = self.working_hours(date)?;
        let open = instant(self.zone, date.at(from.hours(), from.minutes(), 0, 0), Twice::Earlier)?;
        let end = if to.hours() == 24 {
            date.tomorrow().ok()?.at(0, 0, 0, 0)
        } else {
            date.at(to.hours(), to.minutes(), 0, 0)
        };
        let close = instant(self.zone, end, Twice::Later)?;
        (open < close).then_some((open, close))
    }
}

impl BusinessHours for Calendar {
    /// Adds working time to `start`. If the calendar has too little working time within 5 years,
    /// adds elapsed time instead.
    fn after_ms(&self, start: i64, ms: i64) -> i64 {
        self.add_working_ms(start, ms).unwrap_or(start.saturating_add(ms))
    }

    /// Measures working time. If the calendar cannot, measures elapsed time instead.
    fn ms_between(&self, start: i64, end: i64) -> i64 {
        self.working_ms_between(start, end).unwrap_or(end.saturating_sub(start).max(0))
    }
}

/// Choice between the two moments of a local time that occurs twice, because the clock is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Twice {
    Earlier,
    Later,
}

fn local(zone: Zone, at: i64) -> Result<DateTime, OutOfReach> {
    let timestamp = Timestamp::from_millisecond(at).map_err(|_| OutOfReach)?;
    Ok(zone.rules().to_datetime(timestamp))
}

/// Moment of a local time, in milliseconds since 1970; for a time that the clock skips, the moment
/// of the change.
fn instant(zone: Zone, local: DateTime, twice: Twice) -> Option<i64> {
    let ambiguous = zone.rules().to_ambiguous_timestamp(local);
    let timestamp = match (ambiguous.offset(), twice) {
        (AmbiguousOffset::Gap { .. }, _) => {
            let before = ambiguous.earlier().ok()?;
            zone.rules().following(before).next()?.timestamp()
        }
        (_, Twice::Earlier) => ambiguous.earlier().ok()?,
        (_, Twice::Later) => ambiguous.later().ok()?,
    };
    Some(timestamp.as_millisecond())
}

#[cfg(test)]
mod tests;
