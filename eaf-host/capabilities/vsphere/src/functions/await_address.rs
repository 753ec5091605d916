//! Function `await-address`: waits until the machine's guest operating system has a reachable
//! address. The address must be the same in two reads, because addresses change while the guest is
//! customized.

use super::{Operation, is_on};
use crate::client::guest::Tools;
use crate::client::machine::Machine;
use crate::context::Context;
use crate::failure;
use crate::failure::Code;
use eaf_capability::{Class, Failure, Polled, Started};
use serde::Deserialize;
use std::time::Duration;

const INTERVAL: Duration = Duration::from_secs(2);
/// Time between the two reads that must report the same address.
const SETTLE: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
struct Arguments {
    timeout_ms: u64,
}

pub async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    let Arguments { timeout_ms } = super::arguments(context)?;
    let until = context.now().saturating_add(i64::try_from(timeout_ms).unwrap_or(i64::MAX));
    match settled(context).await? {
        Ok(machine) => Ok(Started::Done(super::document(&machine))),
        Err(_) => Operation::Address { until }.pending_for(context, INTERVAL).await,
    }
}

pub async fn poll(context: &Context<'_>, until: i64) -> Result<Polled, Failure> {
    match settled(context).await? {
        Ok(machine) => Ok(Polled::Done(super::document(&machine))),
        Err(machine) if context.now() >= until => Ok(Polled::Ended(no_address(&machine))),
        Err(_) => Ok(Polled::Running { progress: None, poll_after: INTERVAL }),
    }
}

/// Reads the machine twice. `Ok` is the machine with the same address in both reads; the inner
/// `Err` is the machine without such an address.
async fn settled(context: &Context<'_>) -> Result<Result<Machine, Machine>, Failure> {
    let first = read(context).await?;
    let Some(address) = address(&first) else { return Ok(Err(first)) };
    tokio::time::sleep(SETTLE).await;
    let second = read(context).await?;
    Ok(if self::address(&second) == Some(address) { Ok(second) } else { Err(second) })
}

async fn read(context: &Context<'_>) -> Result<Machine, Failure> {
    let machine = context.require(&super::identity(context)?).await?;
    super::answered(&machine)?;
    Ok(machine)
}

fn address(machine: &Machine) -> Option<std::net::IpAddr> {
    machine.guest.address().filter(|_| is_on(machine))
}

fn no_address(machine: &Machine) -> Failure {
    let why = match machine.guest.tools {
        _ if !is_on(machine) => "it is switched off",
        Tools::NotInstalled => "VMware Tools are not installed in its template",
        Tools::NotRunning => "its VMware Tools do not run",
        Tools::Running => "its VMware Tools report none that others can reach",
    };
    failure::new(Class::Permanent, Code::NoAddress, format!("{} got no address in time: {why}.", machine.name))
}
