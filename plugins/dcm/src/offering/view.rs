//! View of the offerings, for those who may request machines and for auditors.

use super::OfferingDefined;
use super::define::DefineOffering;
use crate::Event;
use crate::permission::{AUDIT, REQUEST};
use crate::request::submit::{self, RequestVm};
use eaf_sdk::{Column, Context, Message, Personal, ReadRule, Recorded, RowActions, Rows, Thing, View};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    pub status: String,
    pub terminal: bool,
    pub name: String,
    pub template: String,
    pub image: String,
    pub cpu_min: u32,
    pub cpu_max: u32,
    pub memory_gb_min: u32,
    pub memory_gb_max: u32,
    pub base_cents: i64,
    pub cpu_cents: i64,
    pub gb_cents: i64,
    pub currency: String,
    pub active: bool,
    pub await_address: bool,
    pub updated_at: i64,
    pub updated_by_id: Option<String>,
    pub updated_by_name: Option<String>,
}

pub struct Offerings;

impl View for Offerings {
    type Event = Event;
    type Row = Row;

    const NAME: &'static str = "offerings";
    const COLUMNS: &'static [Column] = &[
        Column::text("status").filter().sort(),
        Column::boolean("terminal").filter(),
        Column::text("name").filter().sort().search(),
        Column::text("template"),
        Column::text("image").filter().search(),
        Column::integer("cpu_min"),
        Column::integer("cpu_max"),
        Column::integer("memory_gb_min"),
        Column::integer("memory_gb_max"),
        Column::integer("base_cents").sort(),
        Column::integer("cpu_cents"),
        Column::integer("gb_cents"),
        Column::text("currency"),
        Column::boolean("active").filter(),
        Column::boolean("await_address"),
        Column::timestamp("updated_at").sort(),
        Column::text("updated_by_id"),
        Column::text("updated_by_name"),
    ];
    const READ: &'static [ReadRule] = &[ReadRule::all(REQUEST), ReadRule::all(AUDIT)];
    const EVENTS: &'static [&'static str] = &["offering-defined"];
    const THING: Option<Thing> = Some(Thing { name: "name", streams: &["offering"], named: &[] });

    fn keys(event: &Event, _: &Recorded) -> Vec<String> {
        match event {
            Event::OfferingDefined(defined) => vec![defined.key.clone()],
            _ => Vec::new(),
        }
    }

    fn project(event: &Event, recorded: &Recorded, rows: &mut Rows<Row>) {
        if let Event::OfferingDefined(defined) = event {
            rows.put(&defined.key, row(defined, recorded.at));
        }
    }

    fn actions(key: &str, row: &Row, ctx: &Context) -> RowActions {
        let actions = if row.active { RowActions::waiting_on(Message::new("orderable")) } else { RowActions::idle() };
        actions
            .offer::<RequestVm>(ctx, submit::can_submit(row.active, &row.name), json!({ "offering": key }))
            .offer::<DefineOffering>(ctx, Ok(()), definition(key, row))
    }
}

fn row(defined: &OfferingDefined, at: i64) -> Row {
    Row {
        status: if defined.active { "active" } else { "inactive" }.into(),
        terminal: !defined.active,
        name: defined.name.clone(),
        template: defined.template.clone(),
        image: defined.image.clone(),
        cpu_min: defined.cpu_min,
        cpu_max: defined.cpu_max,
        memory_gb_min: defined.memory_gb_min,
        memory_gb_max: defined.memory_gb_max,
        base_cents: defined.base_cents,
        cpu_cents: defined.cpu_cents,
        gb_cents: defined.gb_cents,
        currency: defined.currency.clone(),
        active: defined.active,
        await_address: defined.await_address,
        updated_at: at,
        updated_by_id: defined.by_id.clone(),
        updated_by_name: defined.by_name.as_ref().and_then(Personal::to_option),
    }
}

/// Body of a command that defines the offering with its present values, which a form shows to be
/// changed.
fn definition(key: &str, row: &Row) -> Value {
    json!({
        "key": key, "name": row.name, "template": row.template, "image": row.image, "cpu_min": row.cpu_min,
        "cpu_max": row.cpu_max, "memory_gb_min": row.memory_gb_min, "memory_gb_max": row.memory_gb_max,
        "base_cents": row.base_cents, "cpu_cents": row.cpu_cents, "gb_cents": row.gb_cents, "active": row.active,
        "await_address": row.await_address,
    })
}
