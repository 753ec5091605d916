//! Days and times of day, as calendar documents write them: `2026-12-24` and `08:30`.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Number of minutes of a day without a change of the clocks.
const MINUTES: u16 = 24 * 60;

/// Error for a text that is no day, or no time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a day or time of day")
    }
}

/// Day of the Gregorian calendar, written `2026-12-24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Day {
    year: i16,
    month: i8,
    day: i8,
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Day { year: date.year(), month: date.month(), day: date.day() }
    }
}

impl FromStr for Day {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut parts = text.splitn(3, '-');
        let mut part = |length: usize| digits(parts.next().unwrap_or_default(), length);
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        let small = |number: i16| i8::try_from(number).map_err(|_| Malformed);
        Date::new(year, small(month)?, small(day)?).map(Day::from).map_err(|_| Malformed)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Time of day in minutes since 0:00, written `08:30`; `24:00` is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// Creates the time of a whole hour, at most the end of the day.
    pub fn hour(hour: u8) -> Self {
        TimeOfDay((u16::from(hour) * 60).min(MINUTES))
    }

    /// Hour of the day, 0 to 24.
    pub fn hours(self) -> i8 {
        i8::try_from(self.0 / 60).unwrap_or(24)
    }

    /// Minute of the hour, 0 to 59.
    pub fn minutes(self) -> i8 {
        i8::try_from(self.0 % 60).unwrap_or(0)
    }
}

impl FromStr for TimeOfDay {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (hours, minutes) = text.split_once(':').ok_or(Malformed)?;
        let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
        let total = u16::try_from(hours * 60 + minutes).map_err(|_| Malformed)?;
        if minutes > 59 || total > MINUTES {
            return Err(Malformed);
        }
        Ok(TimeOfDay(total))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// Reads a number of exactly `length` digits, at most 4.
fn digits(text: &str, length: usize) -> Result<i16, Malformed> {
    if text.len() != length || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Malformed);
    }
    text.parse().map_err(|_| Malformed)
}

impl TryFrom<String> for Day {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> String {
        day.to_string()
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> String {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_written_as_they_were_read() {
        for text in ["2026-12-24", "2028-02-29"] {
            assert_eq!(text.parse::<Day>().unwrap().to_string(), text);
        }
        for text in ["00:00", "08:30", "23:59", "24:00"] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn days_and_times_that_do_not_exist_are_refused() {
        for text in ["2026-02-29", "2026-13-01", "2026-00-10", "26-01-01", "2026-1-1", "2026-01-01T", "", "-"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
        for text in ["24:01", "25:00", "08:60", "8:30", "08", "+8:30", "99:99", ""] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }
}
