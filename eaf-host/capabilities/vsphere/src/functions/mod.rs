//! Functions of `sdk/wit/deps/vsphere`, one file each. A function reads vCenter before it acts, so
//! that it may be repeated. The operation is complete at once if nothing is left to do:
//!
//! | function | complete at once if | answer |
//! |---|---|---|
//! | ensure-folder | the folder exists | `{path}` |
//! | clone | a machine with the identity's UUID and marker exists | the machine |
//! | reconfigure | the size is as requested | the machine |
//! | power-on, power-off | the power state is as requested | the machine |
//! | destroy | the machine is proved absent | `{absent: true, copies}` |
//! | forget | the machine is proved absent | `{forgotten: true, copies}` |
//! | read-vm | always | the machine or `null` |
//! | await-address | the machine has an address | the machine |

pub mod await_address;
pub mod clone;
pub mod destroy;
pub mod ensure_folder;
pub mod forget;
pub mod power;
pub mod read_vm;
pub mod reconfigure;

use super::client::machine::{Machine, Power, Reach};
use super::client::task::{self, State};
use super::client::{Fault, MoRef};
use super::context::Context;
use super::failure;
use super::identity::Identity;
use crate::failure::Code;
use eaf_capability::HostCode;
use eaf_capability::{Class, Failure, Polled, Started};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

const TASK_INTERVAL: Duration = Duration::from_secs(1);

/// Maximum duration of a vCenter task. A task that runs longer is stuck, and a person must act.
const TASK_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// State of an operation in progress, which the workflow engine stores as JSON. It outlives the
/// process, so a new field needs a default.
#[derive(Debug, Clone, PartialEq, serde::Serialize, Deserialize)]
pub struct Handle {
    /// Instance UUID of the vCenter in which the operation runs, because task ids are unique within
    /// one vCenter only.
    pub vcenter: String,
    /// Time when the operation started, in milliseconds since 1970.
    pub since: i64,
    /// Address and user name of the vCenter login with which the operation was started.
    pub account: String,
    #[serde(flatten)]
    pub operation: Operation,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "kebab-case")]
pub enum Operation {
    Clone {
        task: MoRef,
    },
    Reconfigure {
        task: MoRef,
    },
    Power {
        task: MoRef,
        wanted: TargetPower,
        object: MoRef,
    },
    Destroy {
        task: MoRef,
        /// Whether an earlier removal of the machine, whose outcome is unknown, may run at the same
        /// time.
        #[serde(default)]
        is_repeated: bool,
    },
    Address {
        /// Time until which the operation waits for an address, in milliseconds since 1970.
        until: i64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetPower {
    On,
    Off,
}

impl Operation {
    async fn pending(self, context: &Context<'_>) -> Result<Started, Failure> {
        self.pending_for(context, TASK_INTERVAL).await
    }

    async fn pending_for(self, context: &Context<'_>, poll_after: Duration) -> Result<Started, Failure> {
        let vcenter = context.vcenter.instance_uuid().await?;
        let account = context.vcenter.account();
        let handle = Handle { vcenter, since: context.now(), account, operation: self };
        let handle = serde_json::to_value(handle).expect("a handle has only JSON's types");
        Ok(Started::Pending { handle, poll_after })
    }
}

fn arguments<T: DeserializeOwned>(context: &Context<'_>) -> Result<T, Failure> {
    serde_json::from_value(context.call.args.clone()).map_err(|e| {
        failure::new(
            Class::Permanent,
            HostCode::Arguments,
            format!("The arguments of {} are not as documented: {e}.", context.call.function),
        )
    })
}

/// Reads from the call's arguments the identity of the machine.
fn identity(context: &Context<'_>) -> Result<Identity, Failure> {
    #[derive(Deserialize)]
    struct Arguments {
        identity: String,
    }
    let Arguments { identity } = arguments(context)?;
    if identity.is_empty() || identity.len() > 200 || identity.chars().any(char::is_control) {
        return Err(failure::new(
            Class::Permanent,
            HostCode::Arguments,
            "A machine's identity has 1 to 200 characters and no control characters.",
        ));
    }
    Ok(Identity::new(context.call, &identity))
}

/// JSON document of a machine, as plugins get it. Values that vCenter cannot read now are null; the
/// power state is then `unknown`.
pub fn document(machine: &Machine) -> Value {
    let config = machine.config.as_ref();
    let state = if machine.is_template() { "template" } else { machine.reach.as_str() };
    let power = (machine.reach == Reach::Connected).then_some(machine.power);
    json!({
        "name": machine.name,
        "state": state,
        "power": power.map_or(json!("unknown"), |power| json!(power)),
        "cpus": config.map(|config| config.cpus),
        "memory_mb": config.map(|config| config.memory_mb),
        "ip": machine.guest.address().filter(|_| is_on(machine)),
        "instance_uuid": config.and_then(|config| config.instance_uuid),
        "question": machine.question,
    })
}

/// Fails if vCenter would refuse this number of CPUs or this size of the memory.
fn check_size(cpus: u32, memory_mb: u64) -> Result<(), Failure> {
    if cpus > 0 && memory_mb > 0 && memory_mb.is_multiple_of(4) {
        return Ok(());
    }
    let message = "A machine has at least one CPU, and memory in multiples of 4 MB.";
    Err(failure::new(Class::Permanent, HostCode::Arguments, message))
}

/// Number of cores per socket that must be set for `cpus` CPUs. `None` if `cpus` is a multiple of
/// the present number, which then stays.
fn cores_per_socket(cpus: u32, present: u32) -> Option<u32> {
    let present = present.max(1);
    if cpus.is_multiple_of(present) {
        return None;
    }
    (1..present).rev().find(|cores| cpus.is_multiple_of(*cores))
}

/// State of a vCenter task as the functions need it.
enum Outcome {
    Running(Polled),
    /// The function ends with this result, whatever state the machine is in.
    Over(Polled),
    Succeeded {
        result: Option<MoRef>,
    },
    Failed(Fault),
    Unknown,
}

async fn outcome(context: &Context<'_>, task: &MoRef, since: i64) -> Result<Outcome, Failure> {
    let state = task::state(&context.vcenter.session, task).await.map_err(|e| failure::of_read(&e))?;
    Ok(match state {
        Some(State::Running { .. }) if is_stuck(context, since) => Outcome::Over(Polled::Ended(stuck(task))),
        Some(State::Running { progress }) => Outcome::Running(Polled::Running { progress, poll_after: TASK_INTERVAL }),
        Some(State::Succeeded { result }) => Outcome::Succeeded { result },
        Some(State::Failed(fault)) => Outcome::Failed(fault),
        None => Outcome::Unknown,
    })
}

fn is_stuck(context: &Context<'_>, since: i64) -> bool {
    u128::try_from(context.now() - since).is_ok_and(|ran| ran > TASK_TIMEOUT.as_millis())
}

fn stuck(task: &MoRef) -> Failure {
    let hours = TASK_TIMEOUT.as_secs() / 3600;
    let message =
        format!("The task {} has been running in vCenter for over {hours} hours. Cancel it there.", task.value);
    failure::new(Class::Conflict, Code::TaskStuck, message)
}

/// Result of a task that ended while the machine is not in the requested state. The operation ends
/// whatever the fault is, because only a new task can help.
fn ended(fault: Option<Fault>) -> Polled {
    Polled::Ended(fault.map_or_else(task_lost, |fault| failure::of_fault(&fault)))
}

/// Failure of a task that vCenter no longer knows, while the machine is not in the requested state.
/// The workflow engine then starts the function again, which begins with a read.
pub fn task_lost() -> Failure {
    failure::new(Class::UnknownOutcome, Code::TaskLost, "vCenter no longer knows the task; it is looked at again.")
        .retry_after(Duration::from_secs(2))
}

/// Fails while vCenter asks a question about the machine, which a person must answer.
fn answered(machine: &Machine) -> Result<(), Failure> {
    let Some(question) = &machine.question else { return Ok(()) };
    let question: String = question.chars().filter(|c| !c.is_control()).take(500).collect();
    Err(failure::new(
        Class::Transient,
        Code::VcenterQuestion,
        format!(
            "vCenter waits for an answer about {}: {question} An administrator answers it in vCenter.",
            machine.name
        ),
    ))
}

fn is_on(machine: &Machine) -> bool {
    machine.power == Power::On && machine.reach == Reach::Connected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_per_socket_are_set_only_if_they_do_not_divide_the_cpus() {
        for (cpus, present, set) in
            [(4, 1, None), (4, 2, None), (3, 2, Some(1)), (6, 4, Some(3)), (1, 8, Some(1)), (5, 0, None)]
        {
            assert_eq!(cores_per_socket(cpus, present), set, "{cpus} CPUs, {present} present");
        }
    }

    #[test]
    fn memory_is_a_multiple_of_4_mb() {
        assert!(check_size(1, 4096).is_ok() && check_size(1, 1534).is_err() && check_size(0, 4096).is_err());
    }

    #[test]
    fn a_failed_task_has_ended_even_with_a_retryable_fault() {
        for (kind, class) in [
            ("NoDiskSpace", Class::Capacity),
            ("TaskInProgress", Class::Transient),
            ("HostNotConnected", Class::Transient),
            ("RequestCanceled", Class::Cancelled),
            ("InvalidPowerState", Class::UnknownOutcome),
            ("SystemError", Class::Transient),
        ] {
            let fault = Fault { kind: kind.into(), ..Fault::default() };
            assert!(matches!(ended(Some(fault)), Polled::Ended(failure) if failure.class == class), "{kind}");
        }
        assert!(matches!(ended(None), Polled::Ended(failure) if failure.code == "task-lost"));
    }
}
