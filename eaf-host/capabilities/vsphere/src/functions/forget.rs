//! Function `forget`: marks the record of a machine that this host did not remove as removed. A
//! person has counted the machine as removed; vCenter is searched once more, because the person may
//! be wrong.

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
                // The recorded machine was in another vCenter, so the machine that is found here
                // stays.
                Err(failure) if failure.code == OTHER_VCENTER => {
                    forgotten(context, &identity, vec![machine.name]).await
                }
                Err(failure) => Err(failure),
            };
        }
        Ok(None) => {}
        // The machine's vCenter is no longer reachable, so the person's confirmation decides.
        Err(failure) if failure.code == OTHER_VCENTER => return forgotten(context, &identity, Vec::new()).await,
        Err(failure) => return Err(failure),
    }
    match context.search(&identity).await? {
        Search::Found(machine) => Err(there(&machine.name)),
        Search::Absent { copies } => forgotten(context, &identity, copies).await,
    }
}

async fn forgotten(context: &Context<'_>, identity: &Identity, copies: Vec<String>) -> Result<Started, Failure> {
    context.set_stage(identity, Stage::Removed).await?;
    Ok(Started::Done(json!({ "forgotten": true, "copies": copies })))
}

fn there(name: &str) -> Failure {
    failure::new(Class::Conflict, "vm-there", format!("{name} is in vCenter. Remove it the ordinary way."))
}
