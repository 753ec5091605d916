//! Function `destroy`: removes a machine from vCenter. The call ends only when vCenter has no
//! machine with the instance UUID, no longer has the last seen object, and has no machine with the
//! marker in the whole folder. The proof is strict because the machine's address, name and quota
//! are given to others afterwards.
//!
//! A running machine is not removed, because products show power-off as a separate step. A machine
//! that vCenter does not list although this host did not remove it counts as absent only after a
//! person confirmed that.

use super::{Operation, Outcome};
use crate::client::machine::{Config, Machine, Power};
use crate::client::task::{self, State};
use crate::client::{Fault, MoRef, destroy, device};
use crate::context::Context;
use crate::failure;
use crate::failure::Code;
use crate::identity::Identity;
use crate::locate::{Search, usable};
use crate::record::{Record, Stage};
use eaf_capability::{Class, Failure, Polled, Started};
use serde_json::{Value, json};
use std::time::Duration;

/// Maximum time for which a removal waits for a clone that may still create the machine.
const CLONE_WAIT: Duration = Duration::from_secs(6 * 60 * 60);

pub async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    let identity = super::identity(context)?;
    if let Some(machine) = context.locate(&identity).await? {
        return remove(context, &identity, &machine).await;
    }
    let record = context.record(&identity).await?;
    if let Some(record) = record.as_ref().filter(|record| record.stage == Stage::Creating) {
        await_clone(context, record).await?;
    }
    match context.search(&identity).await? {
        Search::Found(machine) => remove(context, &identity, &machine).await,
        Search::Absent { copies } => match record {
            Some(record) if record.removed_externally() => Err(gone(&record.name, &copies)),
            // Without a record, it is not proved that the machine was removed or never existed. It
            // may be unregistered or invisible.
            None => Err(gone(&identity.name, &copies)),
            _ => Ok(Started::Done(absent(context, &identity, copies).await?)),
        },
    }
}

async fn remove(context: &Context<'_>, identity: &Identity, machine: &Machine) -> Result<Started, Failure> {
    context.check_vcenter(identity, machine).await?;
    let config = usable(machine)?;
    if machine.power != Power::Off {
        return Err(running(machine));
    }
    check_disks(context, machine, config).await?;
    let before = context.record(identity).await?;
    context.update_record(identity, before.as_ref(), machine, Stage::Removing).await?;
    let is_repeated = before.as_ref().is_some_and(|before| before.stage == Stage::Removing);
    match destroy::start(&context.vcenter.session, &machine.object).await {
        Ok(task) => Operation::Destroy { task, is_repeated }.pending(context).await,
        Err(error) => {
            // vCenter refused this removal, so the record is restored. An earlier removal, whose
            // answer was lost, may still be in progress.
            if let Some(before) = before.filter(|_| error.is_refusal()) {
                context.save(identity, &before).await?;
            }
            Err(if error.fault().is_some_and(is_running) { running(machine) } else { failure::of_effect(&error) })
        }
    }
}

pub async fn poll(context: &Context<'_>, task: &MoRef, is_repeated: bool, since: i64) -> Result<Polled, Failure> {
    let identity = super::identity(context)?;
    let fault = match super::outcome(context, task, since).await? {
        Outcome::Running(running) => return Ok(running),
        Outcome::Over(over) => return Ok(over),
        Outcome::Failed(fault) => Some(fault),
        Outcome::Succeeded { .. } => {
            context.set_stage(&identity, Stage::Removed).await?;
            None
        }
        Outcome::Unknown => None,
    };
    let still_there = match context.locate(&identity).await? {
        Some(machine) => machine,
        None => match context.search(&identity).await? {
            Search::Found(machine) => *machine,
            // The task failed because an earlier removal was using the machine. That removal has
            // now completed.
            Search::Absent { copies } if is_repeated => return ended(context, &identity, None, copies).await,
            Search::Absent { copies } => return ended(context, &identity, fault, copies).await,
        },
    };
    if fault.is_some() && !is_repeated {
        context.set_stage(&identity, Stage::Present).await?;
    }
    Ok(match fault {
        Some(fault) if is_running(&fault) => Polled::Ended(running(&still_there)),
        fault => super::ended(fault),
    })
}

/// Result of a removal after which the machine no longer exists. If the removal's own task failed,
/// another party may have removed the machine.
async fn ended(
    context: &Context<'_>,
    identity: &Identity,
    fault: Option<Fault>,
    copies: Vec<String>,
) -> Result<Polled, Failure> {
    match fault {
        Some(fault) if fault.kind != "ManagedObjectNotFound" => {
            let record = context.record(identity).await?;
            let name = record.map_or_else(|| identity.name.clone(), |record| record.name);
            context.set_stage(identity, Stage::Present).await?;
            Ok(Polled::Ended(gone(&name, &copies)))
        }
        _ => Ok(Polled::Done(absent(context, identity, copies).await?)),
    }
}

/// Fails unless all attached disks belong to the machine. vCenter deletes the files of every
/// attached disk when it removes a machine.
async fn check_disks(context: &Context<'_>, machine: &Machine, config: &Config) -> Result<(), Failure> {
    let files = device::files(&context.vcenter.session, &machine.object).await.map_err(|e| failure::of_read(&e))?;
    let files = files.unwrap_or_default();
    let foreign: Vec<&str> = files.iter().map(String::as_str).filter(|f| !device::is_own(&config.vmx, f)).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    Err(failure::new(
        Class::Conflict,
        Code::ForeignDisk,
        format!(
            "{} has disks outside of its own directory, which would be deleted with it: {}. Detach them in vCenter first.",
            machine.name,
            foreign.join(", ")
        ),
    ))
}

/// Fails while a clone is in progress that may still create the machine: the machine may appear
/// minutes after vCenter accepted the clone.
async fn await_clone(context: &Context<'_>, record: &Record) -> Result<(), Failure> {
    let session = &context.vcenter.session;
    let read = |e| failure::of_read(&e);
    let under_way = match &record.task {
        Some(task) => match task::state(session, task).await.map_err(read)? {
            Some(State::Running { .. }) => true,
            Some(_) => false,
            None => is_suspect(context, record).await?,
        },
        None => is_suspect(context, record).await?,
    };
    if !under_way {
        return Ok(());
    }
    let message = format!("The clone that makes {} may still be running; its end is awaited.", record.name);
    let waiting = failure::new(Class::Transient, Code::CloneInDoubt, message);
    Err(waiting.retry_after(Duration::from_secs(2)).give_up_after(CLONE_WAIT))
}

/// Whether a clone of the record's template is running that may be this host's, because vCenter did
/// not acknowledge it to this host.
async fn is_suspect(context: &Context<'_>, record: &Record) -> Result<bool, Failure> {
    let Some(template) = &record.template else { return Ok(false) };
    let session = &context.vcenter.session;
    let running = task::running_unacknowledged(session, template).await.map_err(|e| failure::of_read(&e))?;
    Ok(session.must_wait(&context.call.idempotency_key, &running))
}

async fn absent(context: &Context<'_>, identity: &Identity, copies: Vec<String>) -> Result<Value, Failure> {
    context.set_stage(identity, Stage::Removed).await?;
    Ok(json!({ "absent": true, "copies": copies }))
}

fn gone(name: &str, copies: &[String]) -> Failure {
    let mut message = format!("{name} is not in vCenter, and this host did not remove it.");
    if !copies.is_empty() {
        message.push_str(&format!(" These machines carry its marker and were left alone: {}.", copies.join(", ")));
    }
    failure::new(Class::Conflict, Code::VmGone, message)
}

fn running(machine: &Machine) -> Failure {
    failure::new(
        Class::Conflict,
        Code::VmRunning,
        format!("{} is not switched off, so it is not removed. Switch it off first.", machine.name),
    )
}

fn is_running(fault: &Fault) -> bool {
    fault.kind == "InvalidPowerState"
}
