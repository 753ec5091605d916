//! Whether a mail still fits when it is about to be sent.
//!
//! A mail waits for up to a day while the mail server is away, and the request that it is about may
//! be settled meanwhile. The plugin names a row and a value, and the host reads the row before each
//! mail, as of all events in the log.

use super::failure::permanent;
use super::office::{Asked, Office};
use eaf_capability::{Call, Failure, Packages};
use eaf_core::contract::{ColumnType, ViewType};
use serde::Deserialize;
use serde_json::Value;

/// A condition as the contract writes it.
#[derive(Deserialize)]
pub struct Document {
    view: String,
    key: String,
    member: String,
    equals: Value,
    /// A mail about the same thing, of which only those are told more who got it.
    #[serde(default)]
    pub after: Option<String>,
}

/// A row's column that must equal a value. A row that is gone does not.
pub struct Condition {
    view: ViewType,
    key: String,
    member: String,
    equals: Value,
}

impl Condition {
    /// Refuses a column that can never equal anything: all mails would be skipped, and nothing
    /// would say why.
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

    pub async fn holds(&self, office: &dyn Office, call: &Call) -> Result<bool, Failure> {
        let Condition { view, key, member, equals } = self;
        let row =
            office.row(&Asked { tenant: call.tenant, plugin: &call.plugin, view, key, trace: &call.trace }).await?;
        Ok(row.is_some_and(|row| row.get(member) == Some(equals)))
    }
}
