//! Settings of browser sessions.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use time::Duration;

pub const SECTION: Section = Section {
    title: "Sessions",
    about: "Sessions of browsers. A session ends with the first of both limits, and at sign-out.",
    keys: &[IDLE, HOURS],
};

const IDLE: Key = Key {
    name: "sessions.idle_minutes",
    variable: "EAF_SESSION_IDLE_MINUTES",
    default: Default::Is("60"),
    kind: Kind::Plain,
    about: "Minutes without activity of the person; 5 to 1440. Background requests of a page do not count.",
};
const HOURS: Key = Key {
    name: "sessions.hours",
    variable: "EAF_SESSION_HOURS",
    default: Default::Is("10"),
    kind: Kind::Plain,
    about: "Maximum hours from sign-in; 1 to 720.",
};

pub struct Sessions {
    pub idle: Duration,
    pub absolute: Duration,
}

pub fn read(values: &mut Values) -> Option<Sessions> {
    let idle = within(values, &IDLE, 5, 1440, "5 to 1440 minutes");
    let hours = within(values, &HOURS, 1, 720, "1 to 720 hours");
    Some(Sessions { idle: Duration::minutes(idle?), absolute: Duration::hours(hours?) })
}

fn within(values: &mut Values, key: &'static Key, least: i64, most: i64, expected: &str) -> Option<i64> {
    let number = values.parse::<i64>(key, expected)?;
    if !(least..=most).contains(&number) {
        values.refuse(key, expected);
        return None;
    }
    Some(number)
}
