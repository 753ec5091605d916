//! What plugins can ask for: one file per function of `sdk/wit/deps/vsphere`. Each begins by looking at vCenter, so that
//! it may be repeated: what is there already is not done again. Ends and answers of all are alike:
//!
//! | function | over at once when | answer |
//! |---|---|---|
//! | ensure-folder | the folder is there | `{path}` |
//! | clone | a machine with our UUID and marker is there | the machine |
//! | reconfigure | size is as wanted | the machine |
//! | power-on, power-off | power is as wanted | the machine |
//! | destroy | it is not there | `{absent: true}` |
//! | read-vm | always | the machine or `null` |
//! | await-address | it has an address | the machine |

pub mod await_address;
pub mod clone;
pub mod destroy;
pub mod ensure_folder;
pub mod power;
pub mod read_vm;
pub mod reconfigure;

use super::client::machine::{Machine, Power};
use super::client::task::{self, State};
use super::client::{Fault, MoRef};
use super::failure;
use super::identity::Identity;
use super::provider::Context;
use crate::capabilities::{Class, Failure, Polled, Started};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

const TASK_INTERVAL: Duration = Duration::from_secs(1);

/// What is stored of an operation under way. Stored ones outlive the process: add members only with a default.
#[derive(Debug, Clone, PartialEq, serde::Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "kebab-case")]
pub enum Handle {
    Clone {
        task: MoRef,
    },
    Reconfigure {
        task: MoRef,
    },
    Power {
        task: MoRef,
        wanted: Wanted,
    },
    Destroy {
        task: MoRef,
        /// Plain names from the datacenter down.
        path: Vec<String>,
    },
    Address {
        /// Unix time in milliseconds.
        until: i64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    On,
    Off,
}

impl Handle {
    fn pending(&self, poll_after: Duration) -> Started {
        let handle = serde_json::to_value(self).expect("a handle has only JSON's types");
        Started::Pending { handle, poll_after }
    }
}

fn arguments<T: DeserializeOwned>(context: &Context<'_>) -> Result<T, Failure> {
    serde_json::from_value(context.call.args.clone()).map_err(|e| {
        failure::new(
            Class::Permanent,
            "arguments",
            format!("The arguments of {} are not as documented: {e}.", context.call.function),
        )
    })
}

/// The machine that a call is about.
fn identity(context: &Context<'_>) -> Result<Identity, Failure> {
    #[derive(Deserialize)]
    struct Arguments {
        identity: String,
    }
    let Arguments { identity } = arguments(context)?;
    if identity.is_empty() || identity.len() > 200 || identity.chars().any(char::is_control) {
        return Err(failure::new(
            Class::Permanent,
            "arguments",
            "A machine's identity has 1 to 200 characters and no control characters.",
        ));
    }
    Ok(Identity::new(context.call, &identity))
}

/// A machine as plugins see it.
fn document(machine: &Machine) -> Value {
    json!({
        "name": machine.name,
        "power": machine.power,
        "cpus": machine.cpus,
        "memory_mb": machine.memory_mb,
        "ip": machine.address,
        "instance_uuid": machine.instance_uuid,
    })
}

/// How a task stands. A task that vCenter does not know may have happened: the caller looks.
enum Outcome {
    Running(Polled),
    Succeeded,
    Failed(Fault),
    Unknown,
}

async fn outcome(context: &Context<'_>, task: &MoRef) -> Result<Outcome, Failure> {
    let state = task::state(&context.vcenter.session, task).await.map_err(|e| failure::of_read(&e))?;
    Ok(match state {
        Some(State::Running { progress }) => Outcome::Running(Polled::Running { progress, poll_after: TASK_INTERVAL }),
        Some(State::Succeeded { .. }) => Outcome::Succeeded,
        Some(State::Failed(fault)) => Outcome::Failed(fault),
        None => Outcome::Unknown,
    })
}

/// The task is over and what was wanted is not there. Its handle is dead whatever the fault is: only another task helps.
fn ended(fault: Option<Fault>) -> Polled {
    Polled::Ended(fault.map_or_else(task_lost, |fault| failure::of_fault(&fault)))
}

/// vCenter lost the task and the wanted state is not there: begin again, which looks first.
pub fn task_lost() -> Failure {
    Failure {
        retry_after_ms: Some(2_000),
        ..failure::new(Class::UnknownOutcome, "task-lost", "vCenter no longer knows the task; it is looked at again.")
    }
}

fn is_on(machine: &Machine) -> bool {
    machine.power == Power::On
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_failed_is_over_also_when_its_fault_may_pass() {
        for (kind, class) in [
            ("NoDiskSpace", Class::Capacity),
            ("TaskInProgress", Class::Transient),
            ("HostNotConnected", Class::Transient),
            ("RequestCanceled", Class::Transient),
            ("InvalidPowerState", Class::UnknownOutcome),
            ("SystemError", Class::Permanent),
        ] {
            let fault = Fault { kind: kind.into(), ..Fault::default() };
            assert!(matches!(ended(Some(fault)), Polled::Ended(failure) if failure.class == class), "{kind}");
        }
        assert!(matches!(ended(None), Polled::Ended(failure) if failure.code == "task-lost"));
    }
}
