//! Changing CPUs and memory. A machine that has them already is left alone.

use super::{Handle, Outcome, TASK_INTERVAL};
use crate::capabilities::vsphere::client::machine::Machine;
use crate::capabilities::vsphere::client::{MoRef, reconfigure};
use crate::capabilities::vsphere::failure;
use crate::capabilities::vsphere::provider::Context;
use crate::capabilities::{Failure, Polled, Started};
use serde::Deserialize;

#[derive(Deserialize)]
struct Arguments {
    cpus: u32,
    memory_mb: u64,
}

impl Arguments {
    fn describes(&self, machine: &Machine) -> bool {
        machine.cpus == self.cpus && machine.memory_mb == self.memory_mb
    }
}

pub async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    let wanted: Arguments = super::arguments(context)?;
    let vcenter = &context.vcenter;
    let machine = vcenter.require(&super::identity(context)?).await?;
    if wanted.describes(&machine) {
        return Ok(Started::Done(super::document(&machine)));
    }
    let task = reconfigure::size(&vcenter.session, &machine.object, wanted.cpus, wanted.memory_mb)
        .await
        .map_err(|e| failure::of_effect(&e))?;
    Ok(Handle::Reconfigure { task }.pending(TASK_INTERVAL))
}

pub async fn poll(context: &Context<'_>, task: &MoRef) -> Result<Polled, Failure> {
    let wanted: Arguments = super::arguments(context)?;
    let fault = match super::outcome(context, task).await? {
        Outcome::Running(running) => return Ok(running),
        Outcome::Failed(fault) => Some(fault),
        Outcome::Succeeded | Outcome::Unknown => None,
    };
    let machine = context.vcenter.require(&super::identity(context)?).await?;
    match fault {
        _ if wanted.describes(&machine) => Ok(Polled::Done(super::document(&machine))),
        fault => Ok(super::ended(fault)),
    }
}
