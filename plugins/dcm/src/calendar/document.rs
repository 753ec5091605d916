//! Calendar documents: time zone, hours of each weekday, state and days off.
//!
//! ```json
//! {"zone": "Europe/Berlin", "state": "NW", "days_off": ["2026-12-24"],
//!  "hours": {"monday": {"from": "08:00", "to": "17:00"}}}
//! ```
//!
//! A document is read by [`Calendar::read`] with all of its errors. Stored documents are
//! deserialised without these rules.

use super::day::{Day, TimeOfDay};
use super::holidays::{State, holiday};
use super::zone::Zone;
use crate::input::{Members, Node};
use eaf_sdk::{Fields, Rejection};
use jiff::civil::{Date, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::str::FromStr;

/// Maximum number of days off that a calendar lists itself, besides public holidays.
pub const DAYS_MAX: usize = 366;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Calendar {
    pub zone: Zone,
    pub hours: Week,
    /// German state whose public holidays are days off; `None`: no public holiday is a day off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub days_off: BTreeSet<Day>,
}

/// Working time of each weekday; `None`: the weekday is no working day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Week {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monday: Option<Hours>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuesday: Option<Hours>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wednesday: Option<Hours>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thursday: Option<Hours>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub friday: Option<Hours>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saturday: Option<Hours>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sunday: Option<Hours>,
}

/// Working time of a day, by the local clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hours {
    pub from: TimeOfDay,
    pub to: TimeOfDay,
}

impl Default for Calendar {
    /// Calendar of Monday to Friday from 8:00 to 17:00 in Berlin, without holidays.
    fn default() -> Self {
        let hours = Some(Hours { from: TimeOfDay::hour(8), to: TimeOfDay::hour(17) });
        let week =
            Week { monday: hours, tuesday: hours, wednesday: hours, thursday: hours, friday: hours, ..Week::default() };
        Calendar { zone: Zone::Berlin, hours: week, state: None, days_off: BTreeSet::new() }
    }
}

impl Week {
    fn of(&self, weekday: Weekday) -> Option<Hours> {
        match weekday {
            Weekday::Monday => self.monday,
            Weekday::Tuesday => self.tuesday,
            Weekday::Wednesday => self.wednesday,
            Weekday::Thursday => self.thursday,
            Weekday::Friday => self.friday,
            Weekday::Saturday => self.saturday,
            Weekday::Sunday => self.sunday,
        }
    }
}

impl Calendar {
    /// Reads the calendar document at the JSON pointer `pointer` of a command's body. Rejects a
    /// wrong document with all of its errors.
    pub fn read(value: &Value, pointer: &str) -> Result<Calendar, Rejection> {
        let mut fields = Fields::default();
        let calendar = calendar(&Node::new(pointer, value), &mut fields);
        fields.into_result("invalid-calendar")?;
        calendar.ok_or_else(|| Rejection::invalid("invalid-calendar"))
    }

    /// Working time of a date; `None` if the date is no working day: a weekday without hours, a
    /// public holiday of the calendar's state, or one of the calendar's days off.
    pub(super) fn working_hours(&self, date: Date) -> Option<Hours> {
        let hours = self.hours.of(date.weekday())?;
        let is_holiday = self.state.is_some_and(|state| holiday(state, date).is_some());
        (!is_holiday && !self.days_off.contains(&Day::from(date))).then_some(hours)
    }
}

fn calendar(node: &Node, fields: &mut Fields) -> Option<Calendar> {
    let members = node.object(&["zone", "hours", "state", "days_off"], fields)?;
    let zone = members.required("zone", fields).and_then(|node| named(&node, Zone::from_name, "zone-unknown", fields));
    let hours = members.required("hours", fields).and_then(|node| week(&node, fields));
    let state = members.optional("state").map(|node| named(&node, State::from_name, "state-unknown", fields));
    let days_off = members.optional("days_off").map(|node| days(&node, fields));
    Some(Calendar {
        zone: zone?,
        hours: hours?,
        state: match state {
            None => None,
            Some(state) => Some(state?),
        },
        days_off: days_off.unwrap_or(Some(BTreeSet::new()))?,
    })
}

fn named<T>(node: &Node, from_name: fn(&str) -> Option<T>, code: &str, fields: &mut Fields) -> Option<T> {
    let name = node.text(fields)?;
    let found = from_name(name);
    if found.is_none() {
        fields.push(node.error(code).param("name", name));
    }
    found
}

fn week(node: &Node, fields: &mut Fields) -> Option<Week> {
    let known = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let members = node.object(&known, fields)?;
    let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] =
        known.map(|weekday| members.optional(weekday).map(|node| hours(&node, fields)));
    if known.iter().all(|weekday| members.optional(weekday).is_none()) {
        fields.push(node.error("working-day-missing"));
    }
    let whole = |hours: Option<Option<Hours>>| hours.map_or(Some(None), |hours| hours.map(Some));
    Some(Week {
        monday: whole(monday)?,
        tuesday: whole(tuesday)?,
        wednesday: whole(wednesday)?,
        thursday: whole(thursday)?,
        friday: whole(friday)?,
        saturday: whole(saturday)?,
        sunday: whole(sunday)?,
    })
}

fn hours(node: &Node, fields: &mut Fields) -> Option<Hours> {
    let members = node.object(&["from", "to"], fields)?;
    let (from, to) = (time(&members, "from", fields), time(&members, "to", fields));
    let hours = Hours { from: from?, to: to? };
    if hours.to <= hours.from {
        let code = if hours.to == hours.from { "hours-empty" } else { "hours-reversed" };
        fields.push(node.error(code));
        return None;
    }
    Some(hours)
}

fn time(members: &Members, name: &str, fields: &mut Fields) -> Option<TimeOfDay> {
    let node = members.required(name, fields)?;
    parsed(&node, "time-format", fields)
}

fn days(node: &Node, fields: &mut Fields) -> Option<BTreeSet<Day>> {
    let items = node.list_up_to(DAYS_MAX, fields)?;
    let read: Vec<Option<Day>> = items.iter().map(|item| parsed(item, "day-format", fields)).collect();
    read.into_iter().collect()
}

fn parsed<T: FromStr>(node: &Node, code: &str, fields: &mut Fields) -> Option<T> {
    let text = node.text(fields)?;
    let parsed = text.parse().ok();
    if parsed.is_none() {
        fields.push(node.error(code).param("text", text));
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn complete() -> Value {
        json!({
            "zone": "Europe/Berlin",
            "hours": {
                "monday": { "from": "08:00", "to": "17:30" },
                "saturday": { "from": "00:00", "to": "24:00" },
            },
            "state": "NW",
            "days_off": ["2026-12-24", "2026-12-31"],
        })
    }

    fn errors(document: Value) -> Vec<(String, String)> {
        let rejection = Calendar::read(&document, "").unwrap_err();
        assert_eq!(rejection.code, "invalid-calendar");
        rejection.fields.into_iter().map(|f| (f.pointer, f.code)).collect()
    }

    fn pairs(found: &[(&str, &str)]) -> Vec<(String, String)> {
        found.iter().map(|(pointer, code)| (pointer.to_string(), code.to_string())).collect()
    }

    #[test]
    fn a_calendar_is_stored_as_it_was_written() {
        let calendar = Calendar::read(&complete(), "/calendar").unwrap();
        assert_eq!(json!(calendar), complete());
        assert_eq!(serde_json::from_value::<Calendar>(complete()).unwrap(), calendar);
        let default = Calendar::default();
        assert_eq!(Calendar::read(&json!(default), "").unwrap(), default);
    }

    #[test]
    fn every_error_of_a_calendar_is_reported_at_once() {
        let found = errors(json!({
            "zone": "Mars/Olympus",
            "hours": {
                "monday": { "from": "08:00", "to": "08:00" },
                "tuesday": { "from": "17:00", "to": "08:00" },
                "wednesday": { "from": "8", "to": "24:30" },
                "funday": {},
            },
            "state": "XX",
            "days_off": ["2026-02-30"],
            "moon": true,
        }));
        let expected = pairs(&[
            ("/moon", "member-unknown"),
            ("/zone", "zone-unknown"),
            ("/hours/funday", "member-unknown"),
            ("/hours/monday", "hours-empty"),
            ("/hours/tuesday", "hours-reversed"),
            ("/hours/wednesday/from", "time-format"),
            ("/hours/wednesday/to", "time-format"),
            ("/state", "state-unknown"),
            ("/days_off/0", "day-format"),
        ]);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_week_has_a_working_day() {
        let found = errors(json!({ "zone": "UTC", "hours": {} }));
        assert_eq!(found, pairs(&[("/hours", "working-day-missing")]));
    }
}
