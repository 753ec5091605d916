//! State of a tenant's calendar.

use super::Calendar;
use crate::Event;
use eaf_sdk::{Recorded, State, Streams};
use serde::{Deserialize, Serialize};

/// Stream of the tenant's calendar. A tenant has one.
pub const CALENDAR: &str = "calendar/business-hours";

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Current {
    /// Number of changes so far; 0: the calendar is the default one.
    pub revision: u32,
    pub calendar: Calendar,
}

impl Current {
    /// Calendar in `streams`, which must contain the stream [`CALENDAR`]; the default calendar
    /// before the first change.
    pub fn of(streams: &Streams) -> Current {
        streams.fold(CALENDAR).unwrap_or_default()
    }
}

impl State for Current {
    type Event = Event;
    const CATEGORY: &'static str = "calendar";

    fn apply(&mut self, event: Event, _: &Recorded) {
        if let Event::CalendarSet(set) = event {
            *self = Current { revision: set.revision, calendar: set.calendar };
        }
    }
}
