//! Condition of a mail, which the host checks immediately before it sends the mail.
//!
//! While the mail server is unavailable, a mail waits for days, and the request that the mail is
//! about may be decided meanwhile. The plugin therefore names a row of a view and a value. Before
//! each mail the host waits until the view has applied all events of the log, and then reads the
//! row.

use super::failure::permanent;
use super::mail_store::{MailStore, RowQuery};
use crate::failure_code::Code;
use eaf_capability::{Call, Failure, Packages};
use eaf_core::contract::{ColumnType, ViewType};
use serde::Deserialize;
use serde_json::Value;

/// Condition of a mail as the JSON document that the plugin passes to the host.
#[derive(Deserialize)]
pub struct Document {
    view: String,
    key: String,
    member: String,
    equals: Value,
    /// Name of a template. If it is given, only people who already got a mail from that template
    /// about the same thing get this mail. `None`: no such restriction.
    #[serde(default)]
    pub after: Option<String>,
}

/// Condition of a mail, with the view's definition looked up: the column `member` of the row with
/// the key `key` must equal `equals`. A condition on a deleted row does not hold.
pub struct Condition {
    view: ViewType,
    key: String,
    member: String,
    equals: Value,
}

impl Condition {
    /// Reads a condition from its document. A column whose type cannot equal the given value is an
    /// error, because otherwise every mail would be skipped and no admin would learn the cause.
    pub fn read(document: Document, packages: &dyn Packages, call: &Call) -> Result<Self, Failure> {
        let Document { view, key, member, equals, after: _ } = document;
        let invalid = |message| permanent(Code::ConditionInvalid, message);
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
