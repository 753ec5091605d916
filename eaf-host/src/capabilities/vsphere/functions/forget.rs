//! Forgetting a machine that is gone without this host having removed it. A person has said that it may be counted as
//! removed; vCenter is asked once more, because the person may be wrong.

use crate::capabilities::vsphere::context::Context;
use crate::capabilities::vsphere::failure;
use crate::capabilities::vsphere::locate::Search;
use crate::capabilities::{Class, Failure, Started};
use serde_json::json;

pub async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    let identity = super::identity(context)?;
    if let Some(machine) = context.locate(&identity).await? {
        return Err(there(&machine.name));
    }
    match context.search(&identity).await? {
        Search::Found(machine) => Err(there(&machine.name)),
        Search::Absent { copies } => {
            context.forget(&identity).await?;
            Ok(Started::Done(json!({ "forgotten": true, "copies": copies })))
        }
    }
}

fn there(name: &str) -> Failure {
    failure::new(Class::Conflict, "vm-there", format!("{name} is in vCenter. Remove it the ordinary way."))
}
