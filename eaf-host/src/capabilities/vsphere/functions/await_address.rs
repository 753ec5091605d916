//! Waiting until the guest has an address that others can reach.

use super::{Handle, is_on};
use crate::capabilities::vsphere::client::machine::Machine;
use crate::capabilities::vsphere::failure;
use crate::capabilities::vsphere::provider::Context;
use crate::capabilities::{Class, Failure, Polled, Started};
use serde::Deserialize;
use std::time::Duration;

const INTERVAL: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
struct Arguments {
    timeout_ms: u64,
}

pub async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    let Arguments { timeout_ms } = super::arguments(context)?;
    let machine = context.vcenter.require(&super::identity(context)?).await?;
    if machine.address.is_some() {
        return Ok(Started::Done(super::document(&machine)));
    }
    let until = now(context).saturating_add(i64::try_from(timeout_ms).unwrap_or(i64::MAX));
    Ok(Handle::Address { until }.pending(INTERVAL))
}

pub async fn poll(context: &Context<'_>, until: i64) -> Result<Polled, Failure> {
    let machine = context.vcenter.require(&super::identity(context)?).await?;
    if machine.address.is_some() {
        return Ok(Polled::Done(super::document(&machine)));
    }
    if now(context) >= until {
        return Err(no_address(&machine));
    }
    Ok(Polled::Running { progress: None, poll_after: INTERVAL })
}

fn no_address(machine: &Machine) -> Failure {
    let why = if is_on(machine) { "its guest tools report none" } else { "it is switched off" };
    failure::new(Class::Permanent, "no-address", format!("{} got no address in time: {why}.", machine.name))
}

fn now(context: &Context<'_>) -> i64 {
    i64::try_from(context.world.now().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
