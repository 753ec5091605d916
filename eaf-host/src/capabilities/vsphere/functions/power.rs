//! Power on and off. What counts is the state that is read, not the task: a machine that is on has been switched on,
//! whoever did it.

use super::{Handle, Outcome, TASK_INTERVAL, Wanted};
use crate::capabilities::vsphere::client::machine::{Machine, Power};
use crate::capabilities::vsphere::client::{MoRef, power};
use crate::capabilities::vsphere::failure;
use crate::capabilities::vsphere::provider::Context;
use crate::capabilities::{Failure, Polled, Started};

impl Wanted {
    fn describes(self, machine: &Machine) -> bool {
        match self {
            Wanted::On => machine.power == Power::On,
            Wanted::Off => machine.power == Power::Off,
        }
    }
}

pub async fn start_on(context: &Context<'_>) -> Result<Started, Failure> {
    start(context, Wanted::On).await
}

pub async fn start_off(context: &Context<'_>) -> Result<Started, Failure> {
    start(context, Wanted::Off).await
}

async fn start(context: &Context<'_>, wanted: Wanted) -> Result<Started, Failure> {
    let vcenter = &context.vcenter;
    let machine = vcenter.require(&super::identity(context)?).await?;
    if wanted.describes(&machine) {
        return Ok(Started::Done(super::document(&machine)));
    }
    let task = match wanted {
        Wanted::On => power::on(&vcenter.session, &machine.object).await,
        Wanted::Off => power::off(&vcenter.session, &machine.object).await,
    };
    let task = task.map_err(|e| failure::of_effect(&e))?;
    Ok(Handle::Power { task, wanted }.pending(TASK_INTERVAL))
}

pub async fn poll(context: &Context<'_>, task: &MoRef, wanted: Wanted) -> Result<Polled, Failure> {
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
