//! Function `reconfigure`: changes a machine's CPUs and memory. A machine that already has the
//! requested size is not changed. A running machine is not powered off for the change.

use super::{Operation, Outcome};
use crate::client::machine::{Config, Machine, Power};
use crate::client::{MoRef, reconfigure};
use crate::context::Context;
use crate::failure;
use crate::failure::Code;
use crate::locate::usable;
use eaf_capability::{Class, Failure, Polled, Started};
use serde::Deserialize;

#[derive(Deserialize)]
struct Arguments {
    cpus: u32,
    memory_mb: u64,
}

impl Arguments {
    fn describes(&self, config: &Config) -> bool {
        config.cpus == self.cpus && config.memory_mb == self.memory_mb
    }

    /// Whether the machine can be changed to this size while it is running. Memory can never
    /// shrink; other changes depend on the machine's hot-add settings.
    fn is_hot(&self, config: &Config) -> bool {
        let cpus = match self.cpus.cmp(&config.cpus) {
            std::cmp::Ordering::Equal => true,
            std::cmp::Ordering::Greater => config.cpu_hot_add,
            std::cmp::Ordering::Less => config.cpu_hot_remove,
        };
        let memory = self.memory_mb == config.memory_mb || (self.memory_mb > config.memory_mb && config.memory_hot_add);
        cpus && memory && super::cores_per_socket(self.cpus, config.cores_per_socket).is_none()
    }
}

pub async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    let wanted: Arguments = super::arguments(context)?;
    super::check_size(wanted.cpus, wanted.memory_mb)?;
    let machine = context.require(&super::identity(context)?).await?;
    let config = usable(&machine)?;
    if wanted.describes(config) {
        return Ok(Started::Done(super::document(&machine)));
    }
    if machine.power != Power::Off && !wanted.is_hot(config) {
        return Err(must_be_off(&machine));
    }
    let cores = super::cores_per_socket(wanted.cpus, config.cores_per_socket);
    let session = &context.vcenter.session;
    let task = reconfigure::size(session, &machine.object, wanted.cpus, cores, wanted.memory_mb).await;
    match task {
        Ok(task) => Operation::Reconfigure { task }.pending(context).await,
        Err(error) if error.is_fault("InvalidPowerState") => Err(must_be_off(&machine)),
        Err(error) => Err(failure::of_effect(&error)),
    }
}

pub async fn poll(context: &Context<'_>, task: &MoRef, since: i64) -> Result<Polled, Failure> {
    let wanted: Arguments = super::arguments(context)?;
    let fault = match super::outcome(context, task, since).await? {
        Outcome::Running(running) => return Ok(running),
        Outcome::Over(over) => return Ok(over),
        Outcome::Failed(fault) => Some(fault),
        Outcome::Succeeded { .. } | Outcome::Unknown => None,
    };
    let machine = context.require(&super::identity(context)?).await?;
    if wanted.describes(usable(&machine)?) {
        return Ok(Polled::Done(super::document(&machine)));
    }
    Ok(match fault {
        Some(fault) if fault.kind == "InvalidPowerState" => Polled::Ended(must_be_off(&machine)),
        fault => super::ended(fault),
    })
}

fn must_be_off(machine: &Machine) -> Failure {
    failure::new(
        Class::Conflict,
        Code::VmRunning,
        format!("{} is not switched off, so its size cannot be changed. Switch it off first.", machine.name),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(cpu_hot_add: bool, memory_hot_add: bool) -> Config {
        Config {
            instance_uuid: None,
            template: false,
            marker: None,
            vmx: String::new(),
            cpus: 2,
            cores_per_socket: 1,
            memory_mb: 4096,
            cpu_hot_add,
            cpu_hot_remove: false,
            memory_hot_add,
        }
    }

    #[test]
    fn a_running_machine_grows_only_with_hot_add_and_never_shrinks() {
        for (cpus, memory_mb, set_up, hot) in [
            (4, 4096, true, true),
            (4, 4096, false, false),
            (1, 4096, true, false),
            (2, 8192, true, true),
            (2, 8192, false, false),
            (2, 2048, true, false),
        ] {
            let wanted = Arguments { cpus, memory_mb };
            assert_eq!(wanted.is_hot(&config(set_up, set_up)), hot, "{cpus} CPUs, {memory_mb} MB, {set_up}");
        }
    }
}
