//! Public holidays of the German states by law, as of 2026.
//!
//! Holidays of single municipalities (Augsburg's peace festival, Assumption Day in parts of
//! Bavaria, Corpus Christi in parts of Saxony and Thuringia) are not in this list; a calendar has
//! them as days off.

use jiff::civil::{Date, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// German state by its ISO 3166-2 code without `DE-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    Bw,
    By,
    Be,
    Bb,
    Hb,
    Hh,
    He,
    Mv,
    Ni,
    Nw,
    Rp,
    Sl,
    Sn,
    St,
    Sh,
    Th,
}

use State::{Bb, Be, Bw, By, Hb, He, Hh, Mv, Ni, Nw, Rp, Sh, Sl, Sn, St, Th};

impl State {
    pub const ALL: &'static [State] = &[Bw, By, Be, Bb, Hb, Hh, He, Mv, Ni, Nw, Rp, Sl, Sn, St, Sh, Th];

    pub fn as_str(self) -> &'static str {
        match self {
            Bw => "BW",
            By => "BY",
            Be => "BE",
            Bb => "BB",
            Hb => "HB",
            Hh => "HH",
            He => "HE",
            Mv => "MV",
            Ni => "NI",
            Nw => "NW",
            Rp => "RP",
            Sl => "SL",
            Sn => "SN",
            St => "ST",
            Sh => "SH",
            Th => "TH",
        }
    }

    pub fn from_name(name: &str) -> Option<State> {
        State::ALL.iter().copied().find(|state| state.as_str() == name)
    }
}

/// Rule that gives the day of a holiday in each year.
#[derive(Debug, Clone, Copy)]
enum Rule {
    /// Holiday that is on the same month and day in each year.
    Fixed(i8, i8),
    /// Holiday that is this number of days after Easter Sunday; a negative number is before it.
    Easter(i16),
    /// Holiday on the Wednesday before 23 November.
    Repentance,
}

use Rule::{Easter, Fixed, Repentance};

/// Public holidays. Each has a German key, the rule that gives its day, and the states that have
/// it.
const HOLIDAYS: &[(&str, Rule, &[State])] = &[
    ("neujahr", Fixed(1, 1), State::ALL),
    ("heilige-drei-koenige", Fixed(1, 6), &[Bw, By, St]),
    ("frauentag", Fixed(3, 8), &[Be, Mv]),
    ("karfreitag", Easter(-2), State::ALL),
    ("ostersonntag", Easter(0), &[Bb]),
    ("ostermontag", Easter(1), State::ALL),
    ("tag-der-arbeit", Fixed(5, 1), State::ALL),
    ("christi-himmelfahrt", Easter(39), State::ALL),
    ("pfingstsonntag", Easter(49), &[Bb]),
    ("pfingstmontag", Easter(50), State::ALL),
    ("fronleichnam", Easter(60), &[Bw, By, He, Nw, Rp, Sl]),
    ("mariae-himmelfahrt", Fixed(8, 15), &[Sl]),
    ("weltkindertag", Fixed(9, 20), &[Th]),
    ("tag-der-deutschen-einheit", Fixed(10, 3), State::ALL),
    ("reformationstag", Fixed(10, 31), &[Bb, Hb, Hh, Mv, Ni, Sn, St, Sh, Th]),
    ("allerheiligen", Fixed(11, 1), &[Bw, By, Nw, Rp, Sl]),
    ("buss-und-bettag", Repentance, &[Sn]),
    ("1-weihnachtstag", Fixed(12, 25), State::ALL),
    ("2-weihnachtstag", Fixed(12, 26), State::ALL),
];

/// Key of the holiday that a date is in a state; `None`: the date is no holiday in that state.
pub fn holiday(state: State, date: Date) -> Option<&'static str> {
    let is_on = |rule: Rule| match rule {
        Fixed(month, day) => (date.month(), date.day()) == (month, day),
        // Easter and all days that depend on it are in one year.
        Easter(offset) => date.day_of_year() - easter(date.year()).day_of_year() == offset,
        Repentance => date.weekday() == Weekday::Wednesday && date.month() == 11 && (16..=22).contains(&date.day()),
    };
    HOLIDAYS.iter().find(|(_, rule, states)| states.contains(&state) && is_on(*rule)).map(|(key, _, _)| *key)
}

/// Easter Sunday of the Gregorian calendar, by the algorithm of Meeus, Jones and Butcher.
fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y.rem_euclid(19), y.div_euclid(100), y.rem_euclid(100));
    let g = (8 * b + 13).div_euclid(25);
    let h = (19 * a + b - b.div_euclid(4) - g + 15).rem_euclid(30);
    let l = (32 + 2 * b.rem_euclid(4) + 2 * (c / 4) - h - c % 4).rem_euclid(7);
    let m = (a + 11 * h + 22 * l).div_euclid(451);
    let sum = h + l - 7 * m + 114;
    let (month, day) = (sum.div_euclid(31), sum.rem_euclid(31) + 1);
    let small = |number: i32| i8::try_from(number).unwrap_or(1);
    Date::new(year, small(month), small(day)).unwrap_or(Date::ZERO)
}

#[cfg(test)]
mod tests;
