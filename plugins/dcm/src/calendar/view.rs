//! View of the tenant's calendar: one row, from the first change on.

use super::set::SetCalendar;
use crate::Event;
use crate::permission::{AUDIT, DECIDE, POLICY};
use eaf_sdk::{Column, Context, ReadRule, Recorded, RowActions, Rows, Thing, View};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Key of the only row.
pub const KEY: &str = "business-hours";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Row {
    /// Always active.
    pub status: String,
    /// Always false.
    pub terminal: bool,
    /// Time zone of the calendar.
    pub zone: String,
    pub calendar: Value,
    pub revision: u32,
    pub changed_at: i64,
    pub changed_by_id: String,
    pub changed_by_name: Option<String>,
}

pub struct CalendarView;

impl View for CalendarView {
    type Event = Event;
    type Row = Row;

    const NAME: &'static str = "calendar";
    const COLUMNS: &'static [Column] = &[
        Column::text("status"),
        Column::boolean("terminal"),
        Column::text("zone"),
        Column::json("calendar"),
        Column::integer("revision"),
        Column::timestamp("changed_at"),
        Column::text("changed_by_id"),
        Column::text("changed_by_name"),
    ];
    const READ: &'static [ReadRule] = &[ReadRule::all(POLICY), ReadRule::all(DECIDE), ReadRule::all(AUDIT)];
    const EVENTS: &'static [&'static str] = &["calendar-set"];
    const THING: Option<Thing> = Some(Thing { name: "zone", streams: &["calendar"], named: &[] });

    fn keys(event: &Event, _: &Recorded) -> Vec<String> {
        match event {
            Event::CalendarSet(_) => vec![KEY.into()],
            _ => Vec::new(),
        }
    }

    fn project(event: &Event, recorded: &Recorded, rows: &mut Rows<Row>) {
        let Event::CalendarSet(set) = event else { return };
        let row = Row {
            status: "active".into(),
            terminal: false,
            zone: set.calendar.zone.as_str().into(),
            calendar: serde_json::to_value(&set.calendar).unwrap_or_default(),
            revision: set.revision,
            changed_at: recorded.at,
            changed_by_id: set.by_id.clone(),
            changed_by_name: set.by_name.to_option(),
        };
        rows.put(KEY, row);
    }

    fn actions(_: &str, row: &Row, ctx: &Context) -> RowActions {
        let body = json!({ "calendar": row.calendar, "revision": row.revision });
        RowActions::idle().offer::<SetCalendar>(ctx, Ok(()), body)
    }
}
