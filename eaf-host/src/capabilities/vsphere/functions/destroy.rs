//! Removing a machine. It ends only when the machine was looked for and not found, by UUID, by its marker in
//! the connection's folder and by path: address, name and quota are given away afterwards. A folder that cannot be looked
//! through proves nothing. A machine that is not switched off is refused: switching off is a step that
//! a product takes and shows, never a side effect of removing.

use super::{Handle, Outcome, TASK_INTERVAL};
use crate::capabilities::vsphere::client::machine::{self, Power};
use crate::capabilities::vsphere::client::{MoRef, destroy};
use crate::capabilities::vsphere::failure;
use crate::capabilities::vsphere::identity::Identity;
use crate::capabilities::vsphere::provider::Context;
use crate::capabilities::{Class, Failure, Polled, Started};
use serde_json::{Value, json};

pub async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    let vcenter = &context.vcenter;
    let Some(machine) = vcenter.search(&super::identity(context)?).await? else {
        return Ok(Started::Done(absent()));
    };
    if machine.power != Power::Off {
        return Err(failure::new(
            Class::Conflict,
            "vm-running",
            format!("{} is not switched off, so it is not removed. Switch it off first.", machine.name),
        ));
    }
    let path = vcenter.names_of(&machine).await?;
    let task = destroy::start(&vcenter.session, &machine.object).await.map_err(|e| failure::of_effect(&e))?;
    Ok(Handle::Destroy { task, path }.pending(TASK_INTERVAL))
}

pub async fn poll(context: &Context<'_>, task: &MoRef, path: &[String]) -> Result<Polled, Failure> {
    let fault = match super::outcome(context, task).await? {
        Outcome::Running(running) => return Ok(running),
        Outcome::Failed(fault) => Some(fault),
        Outcome::Succeeded | Outcome::Unknown => None,
    };
    if !is_there(context, &super::identity(context)?, path).await? {
        return Ok(Polled::Done(absent()));
    }
    Ok(super::ended(fault))
}

async fn is_there(context: &Context<'_>, identity: &Identity, path: &[String]) -> Result<bool, Failure> {
    let vcenter = &context.vcenter;
    if vcenter.search(identity).await?.is_some() {
        return Ok(true);
    }
    let Some(object) = vcenter.object(path).await? else { return Ok(false) };
    let found = machine::read(&vcenter.session, &object).await.map_err(|e| failure::of_read(&e))?;
    // Somebody else may have taken the name at once.
    Ok(found.is_some_and(|m| m.marker.as_deref() == Some(&identity.marker)))
}

fn absent() -> Value {
    json!({ "absent": true })
}
