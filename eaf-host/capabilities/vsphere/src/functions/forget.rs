//! Forgetting a machine that is gone without this host having removed it. A person has said that it may be counted as
//! removed; vCenter is asked once more, because the person may be wrong.

use crate::context::Context;
use crate::failure;
use crate::identity::Identity;
use crate::locate::{OTHER_VCENTER, Search};
use crate::record::Stage;
use eaf_capability::{Class, Failure, Started};
use serde_json::json;

pub async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    let identity = super::identity(context)?;
    match context.locate(&identity).await {
        Ok(Some(machine)) => {
            return match context.check_vcenter(&identity, &machine).await {
                Ok(()) => Err(there(&machine.name)),
                // Another vCenter had it: what is found here is left alone.
                Err(failure) if failure.code == OTHER_VCENTER => {
                    forgotten(context, &identity, vec![machine.name]).await
                }
                Err(failure) => Err(failure),
            };
        }
        Ok(None) => {}
        // The vCenter that had the machine is not reached any more: the person knows what became of it.
        Err(failure) if failure.code == OTHER_VCENTER => return forgotten(context, &identity, Vec::new()).await,
        Err(failure) => return Err(failure),
    }
    match context.search(&identity).await? {
        Search::Found(machine) => Err(there(&machine.name)),
        Search::Absent { copies } => forgotten(context, &identity, copies).await,
    }
}

async fn forgotten(context: &Context<'_>, identity: &Identity, copies: Vec<String>) -> Result<Started, Failure> {
    context.enter(identity, Stage::Removed).await?;
    Ok(Started::Done(json!({ "forgotten": true, "copies": copies })))
}

fn there(name: &str) -> Failure {
    failure::new(Class::Conflict, "vm-there", format!("{name} is in vCenter. Remove it the ordinary way."))
}
