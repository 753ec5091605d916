//! Smallest product: counters that people increment. The benchmark measures the framework with this
//! product, because its own work is negligible.

use eaf_sdk::{
    Accepted, Boundary, Column, Command, Context, Event, FieldError, Fields, Flows, Permission, Plugin, ReadRule,
    Recorded, Rejection, RowActions, Rows, Streams, View, events, list,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Incremented {
    pub name: String,
    pub by: i64,
}

impl Event for Incremented {
    const TYPE: &'static str = "incremented";
    const SCHEMA: u16 = 2;

    /// Events of schema 1 had no amount, because each of these events counted one.
    fn upcast(schema: u16, mut data: Value) -> Value {
        if schema == 1 {
            data["by"] = 1.into();
        }
        data
    }
}

events! {
    pub enum Happened { Incremented }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Increment {
    /// Name of the counter: 1 to 40 lower-case letters, digits or hyphens.
    pub name: String,
    /// Amount to add: 1 to 1,000.
    pub by: i64,
}

impl Command for Increment {
    const NAME: &'static str = "increment";
    const PERMISSION: Option<&'static str> = Some("count");

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        if !is_name(&self.name) {
            return Boundary::none();
        }
        Boundary::none().guard(stream(&self.name))
    }

    fn decide(self, _: &Context, _: &Streams) -> Result<Accepted, Rejection> {
        let mut fields = Fields::default();
        if !is_name(&self.name) {
            fields.push(FieldError::new("/name", "counter-name"));
        }
        fields.within("/by", "counter-by", self.by, 1..=1000);
        fields.into_result("invalid-counter")?;
        let name = self.name.clone();
        let incremented = Incremented { name: self.name, by: self.by };
        Ok(Accepted::nothing().event(stream(&name), incremented).subject("counters", name))
    }
}

fn is_name(name: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(good)
}

fn stream(name: &str) -> String {
    format!("counter/{name}")
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Row {
    pub status: String,
    pub terminal: bool,
    pub value: i64,
    pub counted_at: i64,
}

pub struct Counters;

impl View for Counters {
    type Event = Happened;
    type Row = Row;

    const NAME: &'static str = "counters";
    const COLUMNS: &'static [Column] = &[
        Column::text("status").filter(),
        Column::boolean("terminal"),
        Column::integer("value").sort(),
        Column::timestamp("counted_at").sort(),
    ];
    const READ: &'static [ReadRule] = &[ReadRule::all("count")];
    const EVENTS: &'static [&'static str] = &["incremented"];

    fn keys(Happened::Incremented(event): &Happened, _: &Recorded) -> Vec<String> {
        vec![event.name.clone()]
    }

    fn project(Happened::Incremented(event): &Happened, recorded: &Recorded, rows: &mut Rows<Row>) {
        let before = rows.get(&event.name).map_or(0, |row| row.value);
        let row = Row { status: "counting".into(), terminal: false, value: before + event.by, counted_at: recorded.at };
        rows.put(&event.name, row);
    }

    fn actions(key: &str, _: &Row, ctx: &Context) -> RowActions {
        RowActions::idle().offer::<Increment>(ctx, Ok(()), json!({ "name": key }))
    }
}

pub struct Counter;

impl Plugin for Counter {
    type Events = Happened;
    type Commands = list![Increment];
    type States = list![];
    type Views = list![Counters];
    const PERMISSIONS: &'static [Permission] =
        &[Permission { name: "count", roles: &["requester", "approver", "admin"] }];
}

/// Empty list of workflows.
pub struct NoFlows;

impl Flows for NoFlows {
    type Workflows = list![];
}

#[cfg(test)]
mod tests {
    use super::*;
    use eaf_sdk::testing::{Stage, agreement, person};

    #[test]
    fn a_counter_is_the_sum_of_its_increments() {
        let ada = person("Ada", &["count"]);
        let mut stage = Stage::<Counter>::new();
        for by in [1, 2, 39] {
            stage.when::<Increment>(&ada, json!({ "name": "sheep", "by": by })).then_events(&["incremented"]);
        }
        assert_eq!(stage.view::<Counters>()["sheep"]["value"], 42);
    }

    #[test]
    fn all_errors_of_a_body_are_reported_at_once() {
        let mut stage = Stage::<Counter>::new();
        stage
            .when::<Increment>(&person("Ada", &["count"]), json!({ "name": "Sheep/", "by": 0 }))
            .then_fields(&[("/name", "counter-name"), ("/by", "counter-by")]);
    }

    #[test]
    fn offers_agree_with_decisions() {
        let (ada, eve) = (person("Ada", &["count"]), person("Eve", &[]));
        let mut stage = Stage::<Counter>::new();
        stage.when::<Increment>(&ada, json!({ "name": "sheep", "by": 1 }));
        let compared = agreement::check(&stage, &[ada, eve], |_, mut body| {
            body["by"] = 1.into();
            body
        });
        assert_eq!(compared, 2);
    }
}
