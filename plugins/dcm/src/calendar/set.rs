//! Change of a tenant's business hours. Deadlines that already run keep their times.

use super::Calendar;
use super::event::CalendarSet;
use super::state::{CALENDAR, Current};
use super::view::KEY;
use crate::permission::POLICY;
use eaf_sdk::{Accepted, Boundary, Command, Context, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Maximum number of members of a calendar, unknown members included. The host refuses more.
const MEMBERS_MAX: usize = 16;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SetCalendar {
    /// Calendar document, as `docs/guides/policies.md` describes it.
    #[schemars(extend("maxProperties" = MEMBERS_MAX))]
    pub calendar: Map<String, Value>,
    /// Revision that the view `calendar` shows; 0 if the view has no row.
    #[schemars(range(min = 0, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub revision: i64,
}

impl Command for SetCalendar {
    const NAME: &'static str = "set-calendar";
    const PERMISSION: Option<&'static str> = Some(POLICY);

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        Boundary::none().guard(CALENDAR)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let calendar = Calendar::read(&Value::Object(self.calendar), "/calendar")?;
        let current = Current::of(streams);
        if i64::from(current.revision) != self.revision {
            return Err(Rejection::conflict("calendar-changed")
                .param("revision", current.revision)
                .param("expected", self.revision));
        }
        if current.calendar == calendar {
            return Ok(Accepted::nothing().subject("calendar", KEY));
        }
        let set = CalendarSet {
            calendar,
            revision: current.revision + 1,
            by_id: ctx.actor.id.clone(),
            by_name: Personal::new(&ctx.actor.name),
        };
        Ok(Accepted::nothing().event(CALENDAR, set).subject("calendar", KEY))
    }
}
