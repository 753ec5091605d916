//! View of policies: for each policy the published version and the draft.

use super::document::Names;
use super::draft::{DiscardDraft, DraftPolicy, is_open};
use super::event::{PolicyDrafted, PolicyPublished, PolicyRetired};
use super::publish::PublishPolicy;
use super::retire::{RetirePolicy, is_published};
use crate::Event;
use crate::permission::{AUDIT, POLICY};
use eaf_sdk::{Column, Context, ReadRule, Recorded, RowActions, Rows, Thing, View};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Row {
    /// Status of the policy: draft (never published), published or retired.
    pub status: String,
    /// Whether the policy is retired and has no draft.
    pub terminal: bool,
    pub name_de: String,
    pub name_en: String,
    /// Last version that was published; 0: the policy was never published.
    pub version: u32,
    /// Document of the last version that was published.
    pub document: Option<Value>,
    /// Document of the draft; `None`: the policy has no draft.
    pub draft: Option<Value>,
    pub draft_name_de: Option<String>,
    pub draft_name_en: Option<String>,
    /// Number of drafts so far, also of those that were published or discarded.
    pub revision: u32,
    pub drafted_at: Option<i64>,
    pub drafted_by_id: Option<String>,
    pub drafted_by_name: Option<String>,
    pub published_at: Option<i64>,
    pub published_by_id: Option<String>,
    pub published_by_name: Option<String>,
    /// Reason of the last publication or of the retirement.
    pub reason: Option<String>,
}

pub struct PoliciesView;

impl View for PoliciesView {
    type Event = Event;
    type Row = Row;

    const NAME: &'static str = "policies";
    const COLUMNS: &'static [Column] = &[
        Column::text("status").filter().sort(),
        Column::boolean("terminal").filter(),
        Column::text("name_de").sort().search(),
        Column::text("name_en").sort().search(),
        Column::integer("version"),
        Column::json("document"),
        Column::json("draft"),
        Column::text("draft_name_de"),
        Column::text("draft_name_en"),
        Column::integer("revision"),
        Column::timestamp("drafted_at").sort(),
        Column::text("drafted_by_id"),
        Column::text("drafted_by_name"),
        Column::timestamp("published_at").sort(),
        Column::text("published_by_id"),
        Column::text("published_by_name"),
        Column::text("reason"),
    ];
    const READ: &'static [ReadRule] = &[ReadRule::all(POLICY), ReadRule::all(AUDIT)];
    const EVENTS: &'static [&'static str] =
        &["policy-drafted", "policy-draft-closed", "policy-published", "policy-retired"];
    const THING: Option<Thing> = Some(Thing { name: "name_en", streams: &["policy"], named: &[] });

    fn keys(event: &Event, _: &Recorded) -> Vec<String> {
        match event {
            Event::PolicyDrafted(e) => vec![e.policy.clone()],
            Event::PolicyDraftClosed(e) => vec![e.policy.clone()],
            Event::PolicyPublished(e) => vec![e.policy.clone()],
            Event::PolicyRetired(e) => vec![e.policy.clone()],
            _ => Vec::new(),
        }
    }

    fn project(event: &Event, recorded: &Recorded, rows: &mut Rows<Row>) {
        match event {
            Event::PolicyDrafted(e) => {
                let mut row = rows.get(&e.policy).cloned().unwrap_or_default();
                row.draft(e, recorded.at);
                rows.put(&e.policy, row);
            }
            Event::PolicyDraftClosed(e) => match rows.change(&e.policy) {
                Some(row) if row.version == 0 && e.version.is_none() => rows.remove(&e.policy),
                Some(row) => row.close_draft(),
                None => {}
            },
            Event::PolicyPublished(e) => {
                let mut row = rows.get(&e.policy).cloned().unwrap_or_default();
                row.publish(e, recorded.at);
                rows.put(&e.policy, row);
            }
            Event::PolicyRetired(e) => {
                if let Some(row) = rows.change(&e.policy) {
                    row.retire(e);
                }
            }
            _ => {}
        }
    }

    fn actions(key: &str, row: &Row, ctx: &Context) -> RowActions {
        let draft = is_open(row.draft.is_some());
        let published = is_published(row.status == "published");
        let on_draft = json!({ "policy": key, "revision": row.revision });
        RowActions::idle()
            .offer::<DraftPolicy>(ctx, Ok(()), row.definition(key))
            .offer::<DiscardDraft>(ctx, draft.clone(), on_draft.clone())
            .offer::<PublishPolicy>(ctx, draft, on_draft)
            .offer::<RetirePolicy>(ctx, published, json!({ "policy": key, "version": row.version }))
    }
}

impl Row {
    fn draft(&mut self, drafted: &PolicyDrafted, at: i64) {
        if self.version == 0 {
            self.status = "draft".into();
            self.rename(&drafted.name);
        }
        self.draft = serde_json::to_value(&drafted.document).ok();
        self.draft_name_de = Some(drafted.name.de.clone());
        self.draft_name_en = Some(drafted.name.en.clone());
        self.revision = drafted.revision;
        self.terminal = false;
        self.drafted_at = Some(at);
        self.drafted_by_id = Some(drafted.by_id.clone());
        self.drafted_by_name = drafted.by_name.to_option();
    }

    fn close_draft(&mut self) {
        (self.draft, self.draft_name_de, self.draft_name_en) = (None, None, None);
        (self.drafted_at, self.drafted_by_id, self.drafted_by_name) = (None, None, None);
        self.terminal = self.status == "retired";
    }

    fn publish(&mut self, published: &PolicyPublished, at: i64) {
        self.status = "published".into();
        self.terminal = false;
        self.rename(&published.name);
        self.version = published.version;
        self.document = serde_json::to_value(&published.document).ok();
        self.published_at = Some(at);
        self.published_by_id = Some(published.by_id.clone());
        self.published_by_name = published.by_name.to_option();
        self.reason = published.reason.to_option();
    }

    fn retire(&mut self, retired: &PolicyRetired) {
        self.status = "retired".into();
        self.terminal = self.draft.is_none();
        self.reason = retired.reason.to_option();
    }

    fn rename(&mut self, name: &Names) {
        (self.name_de, self.name_en) = (name.de.clone(), name.en.clone());
    }

    /// Body of a command that saves the present draft, or else the published version, as a draft.
    fn definition(&self, key: &str) -> Value {
        json!({
            "policy": key,
            "name_de": self.draft_name_de.as_ref().unwrap_or(&self.name_de),
            "name_en": self.draft_name_en.as_ref().unwrap_or(&self.name_en),
            "document": self.draft.as_ref().or(self.document.as_ref()),
            "revision": self.revision,
        })
    }
}
