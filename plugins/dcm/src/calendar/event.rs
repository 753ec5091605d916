//! Event of a tenant's calendar.

use super::Calendar;
use crate::request::event::By;
use eaf_sdk::{Event, Personal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// New business hours of a tenant. Deadlines that are set later run in these hours.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CalendarSet {
    #[schemars(with = "Map<String, Value>")]
    pub calendar: Calendar,
    /// Number of changes of the calendar so far, including this one.
    pub revision: u32,
    pub by_id: String,
    pub by_name: Personal<By>,
}

impl Event for CalendarSet {
    const TYPE: &'static str = "calendar-set";
}
