//! Functions `power-on` and `power-off`. A function ends when vCenter reports the requested power
//! state, whatever the state of the task: a running machine counts as powered on even if an
//! administrator started it.

use super::{Operation, Outcome, TargetPower};
use crate::client::machine::{Machine, Power};
use crate::client::{Fault, MoRef, machine, power};
use crate::context::Context;
use crate::failure;
use crate::failure::Code;
use eaf_capability::{Class, Failure, Polled, Started};

impl TargetPower {
    fn describes(self, machine: &Machine) -> bool {
        match self {
            TargetPower::On => machine.power == Power::On,
            TargetPower::Off => machine.power == Power::Off,
        }
    }

    /// Name of the power state in the vim25 interface.
    fn state(self) -> &'static str {
        match self {
            TargetPower::On => "poweredOn",
            TargetPower::Off => "poweredOff",
        }
    }
}

pub async fn start_on(context: &Context<'_>) -> Result<Started, Failure> {
    start(context, TargetPower::On).await
}

pub async fn start_off(context: &Context<'_>) -> Result<Started, Failure> {
    start(context, TargetPower::Off).await
}

async fn start(context: &Context<'_>, target: TargetPower) -> Result<Started, Failure> {
    let vcenter = &context.vcenter;
    let machine = context.require(&super::identity(context)?).await?;
    if target.describes(&machine) {
        return Ok(Started::Done(super::document(&machine)));
    }
    super::answered(&machine)?;
    if target == TargetPower::Off && machine.power == Power::Suspended {
        return Err(suspended(&machine));
    }
    let task = match target {
        TargetPower::On => power::on(&vcenter.session, &machine.object).await,
        TargetPower::Off => power::off(&vcenter.session, &machine.object).await,
    };
    match task {
        Ok(task) => Operation::Power { task, wanted: target, object: machine.object }.pending(context).await,
        Err(error) => Err(match error.fault().and_then(|fault| refused(fault, target, &machine)) {
            Some(refused) => refused,
            None => failure::of_effect(&error),
        }),
    }
}

pub async fn poll(
    context: &Context<'_>,
    task: &MoRef,
    target: TargetPower,
    object: &MoRef,
    since: i64,
) -> Result<Polled, Failure> {
    let fault = match super::outcome(context, task, since).await? {
        Outcome::Running(running) => {
            check_question(context, object).await?;
            return Ok(running);
        }
        Outcome::Over(over) => return Ok(over),
        Outcome::Failed(fault) => Some(fault),
        Outcome::Succeeded { .. } | Outcome::Unknown => None,
    };
    let machine = context.require(&super::identity(context)?).await?;
    if target.describes(&machine) {
        return Ok(Polled::Done(super::document(&machine)));
    }
    Ok(match fault.as_ref().and_then(|fault| refused(fault, target, &machine)) {
        Some(refused) => Polled::Ended(refused),
        None => super::ended(fault),
    })
}

/// Fails while a question of vCenter blocks the power task. The task continues after a person has
/// answered.
async fn check_question(context: &Context<'_>, object: &MoRef) -> Result<(), Failure> {
    let found = machine::read(&context.vcenter.session, object).await.map_err(|e| failure::of_read(&e))?;
    found.as_ref().map_or(Ok(()), super::answered)
}

/// Failure because the machine's power state does not permit the task. `None` if the fault has
/// another cause, or if the machine already has the requested state, which the next read finds.
fn refused(fault: &Fault, target: TargetPower, machine: &Machine) -> Option<Failure> {
    let existing = fault.detail.text_of("existingState")?;
    let is_refused = fault.kind == "InvalidPowerState" && existing != target.state();
    is_refused.then(|| match existing {
        "suspended" => suspended(machine),
        state => failure::new(
            Class::Conflict,
            Code::PowerChanged,
            format!("vCenter refused to switch {} because its power state is {state}.", machine.name),
        ),
    })
}

fn suspended(machine: &Machine) -> Failure {
    failure::new(
        Class::Conflict,
        Code::VmSuspended,
        format!("{} is suspended. Resume it or switch it off in vCenter, then repeat.", machine.name),
    )
}
