//! Condition of a mail, checked immediately before it is sent.
//!
//! A mail waits for up to a day while the mail server is unavailable, and its request may be
//! settled meanwhile. The plugin names a row and a value, and the host reads the row before each
//! mail, with all events of the log applied.

use super::failure::permanent;
use super::mail_store::{MailStore, RowQuery};
use eaf_capability::{Call, Failure, Packages};
use eaf_core::contract::{ColumnType, ViewType};
use serde::Deserialize;
use serde_json::Value;

/// Condition in the form of the contract.
#[derive(Deserialize)]
pub struct Document {
    view: String,
    key: String,
    member: String,
    equals: Value,
    /// Template of an earlier mail about the same thing, whose recipients alone get this one.
    #[serde(default)]
    pub after: Option<String>,
}

/// A column that must equal a value; a deleted row does not.
pub struct Condition {
    view: ViewType,
    key: String,
    member: String,
    equals: Value,
}

impl Condition {
    /// Reads a condition and refuses a column that cannot equal the value: all mails would be
    /// skipped without a reason.
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
