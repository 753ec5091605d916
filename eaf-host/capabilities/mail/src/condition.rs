//! Condition of a mail, checked immediately before the mail is sent.
//!
//! A mail waits for days while the mail server is unavailable, and the matter that the mail is
//! about may be settled meanwhile. The plugin names a row and a value, and the host reads that row
//! before each mail, after all events of the log are applied.

use super::failure::permanent;
use super::mail_store::{MailStore, RowQuery};
use eaf_capability::{Call, Failure, Packages};
use eaf_core::contract::{ColumnType, ViewType};
use serde::Deserialize;
use serde_json::Value;

/// Condition of a mail, as the plugin sends it.
#[derive(Deserialize)]
pub struct Document {
    view: String,
    key: String,
    member: String,
    equals: Value,
    /// Template of an earlier mail about the same thing: only recipients of that mail get this one.
    /// None: no such limit.
    #[serde(default)]
    pub after: Option<String>,
}

/// Condition with its view resolved: the column `member` of the row with the key `key` must equal
/// `equals`. A deleted row never fulfils a condition.
pub struct Condition {
    view: ViewType,
    key: String,
    member: String,
    equals: Value,
}

impl Condition {
    /// Reads a condition. Refuses a column whose type cannot equal the value, because all mails
    /// would be skipped without a reason.
    pub fn read(document: Document, packages: &dyn Packages, call: &Call) -> Result<Self, Failure> {
        let Document { view, key, member, equals, after: _ } = document;
        let invalid = |message| permanent("condition-invalid", message);
        let view = packages
            .view(&call.plugin, &view)
            .ok_or_else(|| invalid(format!("The plugin {} has no view {view}.", call.plugin)))?;
        let column = view.columns.iter().find(|column| column.name == member);
        match column.map(|column| column.kind) {
            Some(ColumnType::Text | ColumnType::Integer | ColumnType::Boolean) => {
                Ok(Condition { view, key, member, equals })
            }
            Some(ColumnType::Timestamp | ColumnType::Json) | None => Err(invalid(format!(
                "The view {} has no column {member} that is a text, an integer or a boolean.",
                view.name
            ))),
        }
    }

    pub async fn holds(&self, store: &dyn MailStore, call: &Call) -> Result<bool, Failure> {
        let Condition { view, key, member, equals } = self;
        let row =
            store.row(&RowQuery { tenant: call.tenant, plugin: &call.plugin, view, key, trace: &call.trace }).await?;
        Ok(row.is_some_and(|row| row.get(member) == Some(equals)))
    }
}
