//! Function `forget`: records that a machine is removed, although this host did not remove it,
//! because a person confirmed that it is gone. The function searches vCenter once more, because the
//! person may be wrong.

use crate::context::Context;
use crate::failure;
use crate::failure::Code;
use crate::identity::Identity;
use crate::locate::Search;
use crate::record::Stage;
use eaf_capability::{Class, Failure, Started};
use serde_json::json;

pub async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    let identity = super::identity(context)?;
    match context.locate(&identity).await {
        Ok(Some(machine)) => {
            return match context.check_vcenter(&identity, &machine).await {
                Ok(()) => Err(there(&machine.name)),
                // The recorded machine was in another vCenter, so the machine found here may be a
                // replica. It is not touched.
                Err(failure) if failure.has_code(Code::OtherVcenter) => {
                    forgotten(context, &identity, vec![machine.name]).await
                }
                Err(failure) => Err(failure),
            };
        }
        Ok(None) => {}
        // The connection no longer leads to the vCenter of the recorded machine, so the person's
        // confirmation decides.
        Err(failure) if failure.has_code(Code::OtherVcenter) => return forgotten(context, &identity, Vec::new()).await,
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
    failure::new(Class::Conflict, Code::VmThere, format!("{name} is in vCenter. Remove it the ordinary way."))
}
