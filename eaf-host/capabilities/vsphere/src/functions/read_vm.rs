//! Function `read-vm`: reads the present state of a machine in vCenter, even if the machine is
//! unreachable.

use crate::client::machine::Machine;
use crate::context::Context;
use crate::identity::Identity;
use crate::locate::Search;
use crate::record::Record;
use eaf_capability::{Failure, Started};
use serde_json::Value;

pub async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    let identity = super::identity(context)?;
    let found = match context.locate(&identity).await? {
        Some(machine) => Some(machine),
        None => unlisted(context, &identity).await?,
    };
    Ok(Started::Done(found.map_or(Value::Null, |machine| super::document(&machine))))
}

/// Searches the connection's folder for a machine that vCenter's index does not list, if its record
/// says that it may exist. `None` if there is no such record or the machine is not in the folder.
async fn unlisted(context: &Context<'_>, identity: &Identity) -> Result<Option<Machine>, Failure> {
    let record = context.record(identity).await?;
    if !record.as_ref().is_some_and(Record::may_exist) {
        return Ok(None);
    }
    Ok(match context.search(identity).await? {
        Search::Found(machine) => Some(*machine),
        Search::Absent { .. } => None,
    })
}
