//! View of the published versions of all policies: the history of what applied when, and why.

use super::event::{PolicyPublished, PolicyRetired};
use crate::Event;
use crate::permission::{AUDIT, POLICY};
use eaf_sdk::{Column, ReadRule, Recorded, Rows, View};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// Status of the version: published, superseded by a later version, or retired.
    pub status: String,
    pub terminal: bool,
    /// Key of the policy.
    pub policy: String,
    pub name_de: String,
    pub name_en: String,
    pub version: u32,
    pub document: Option<Value>,
    pub published_at: i64,
    pub published_by_id: String,
    pub published_by_name: Option<String>,
    /// Reason of the publication.
    pub reason: Option<String>,
    /// Time of the retirement, or of the publication of the next version; `None`: the version is
    /// published at present.
    pub ended_at: Option<i64>,
    pub retired_by_id: Option<String>,
    pub retired_by_name: Option<String>,
    pub retired_reason: Option<String>,
}

pub struct PolicyVersions;

impl View for PolicyVersions {
    type Event = Event;
    type Row = Row;

    const NAME: &'static str = "policy-versions";
    const COLUMNS: &'static [Column] = &[
        Column::text("status").filter().sort(),
        Column::boolean("terminal").filter(),
        Column::text("policy").filter().sort(),
        Column::text("name_de").search(),
        Column::text("name_en").search(),
        Column::integer("version").sort(),
        Column::json("document"),
        Column::timestamp("published_at").sort(),
        Column::text("published_by_id"),
        Column::text("published_by_name"),
        Column::text("reason"),
        Column::timestamp("ended_at"),
        Column::text("retired_by_id"),
        Column::text("retired_by_name"),
        Column::text("retired_reason"),
    ];
    const READ: &'static [ReadRule] = &[ReadRule::all(POLICY), ReadRule::all(AUDIT)];
    const EVENTS: &'static [&'static str] = &["policy-published", "policy-retired"];

    fn keys(event: &Event, _: &Recorded) -> Vec<String> {
        match event {
            Event::PolicyPublished(e) => vec![key(&e.policy, e.version), key(&e.policy, e.version - 1)],
            Event::PolicyRetired(e) => vec![key(&e.policy, e.version)],
            _ => Vec::new(),
        }
    }

    fn project(event: &Event, recorded: &Recorded, rows: &mut Rows<Row>) {
        match event {
            Event::PolicyPublished(e) => {
                if let Some(before) = rows.change(&key(&e.policy, e.version - 1)) {
                    before.supersede(recorded.at);
                }
                rows.put(&key(&e.policy, e.version), Row::published(e, recorded.at));
            }
            Event::PolicyRetired(e) => {
                if let Some(row) = rows.change(&key(&e.policy, e.version)) {
                    row.retire(e, recorded.at);
                }
            }
            _ => {}
        }
    }
}

/// Key of a version's row, such as `costly/3`.
fn key(policy: &str, version: u32) -> String {
    format!("{policy}/{version}")
}

impl Row {
    fn published(event: &PolicyPublished, at: i64) -> Self {
        Row {
            status: "published".into(),
            terminal: false,
            policy: event.policy.clone(),
            name_de: event.name.de.clone(),
            name_en: event.name.en.clone(),
            version: event.version,
            document: serde_json::to_value(&event.document).ok(),
            published_at: at,
            published_by_id: event.by_id.clone(),
            published_by_name: event.by_name.to_option(),
            reason: event.reason.to_option(),
            ended_at: None,
            retired_by_id: None,
            retired_by_name: None,
            retired_reason: None,
        }
    }

    /// Ends a version by the publication of the next one. A retired version stays as it is.
    fn supersede(&mut self, at: i64) {
        if self.status == "published" {
            self.status = "superseded".into();
            self.terminal = true;
            self.ended_at = Some(at);
        }
    }

    fn retire(&mut self, event: &PolicyRetired, at: i64) {
        self.status = "retired".into();
        self.terminal = true;
        self.ended_at = Some(at);
        self.retired_by_id = Some(event.by_id.clone());
        self.retired_by_name = event.by_name.to_option();
        self.retired_reason = event.reason.to_option();
    }
}
