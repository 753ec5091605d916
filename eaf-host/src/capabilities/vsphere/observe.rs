//! Reading all machines of a plugin again.
//!
//! A page of machines is one call. Those that the page does not have, or has under another marker, are looked for one by
//! one as `read-vm` does, and only so many of them in one round: a folder that the account may not see any more must not
//! become a call for each machine.

use super::client::MoRef;
use super::client::machine::{self, Machine};
use super::context::Context;
use super::failure;
use super::functions::document;
use super::identity::Identity;
use super::record::{Record, Stage};
use super::trouble;
use crate::capabilities::{Call, Failure, Seen, Trouble, Watch};
use eaf_core::id::{EventId, RunId};
use serde_json::{Value, json};
use uuid::Uuid;

/// Machines in one call.
const PAGE: usize = 50;
/// Machines that are looked for one by one in a round.
const SINGLE: usize = 20;

/// A read of the host's own: no run stands behind it.
pub fn call(watch: &Watch) -> Call {
    Call {
        tenant: watch.tenant,
        plugin: watch.plugin.clone(),
        run: RunId(Uuid::nil()),
        event: EventId(Uuid::nil()),
        sequence: 0,
        idempotency_key: String::new(),
        grant: watch.grant.clone(),
        scope: Value::Null,
        function: "read-vm".into(),
        args: json!({}),
        trace: watch.trace.clone(),
    }
}

struct Known {
    identity: Identity,
    record: Record,
    object: MoRef,
}

pub async fn observe(context: &Context<'_>, watch: &Watch) -> Result<Vec<Seen>, Failure> {
    let vcenter = context.vcenter.instance_uuid().await?;
    let known: Vec<Known> = watch.things.iter().filter_map(|thing| known(context, thing, &vcenter)).collect();
    let (mut seen, mut others) = (Vec::new(), Vec::new());
    for page in known.chunks(PAGE) {
        let objects: Vec<MoRef> = page.iter().map(|one| one.object.clone()).collect();
        let read = machine::read_several(&context.vcenter.session, &objects).await;
        let mut machines = read.map_err(|error| failure::of_read(&error))?;
        for one in page {
            let place = machines.iter().position(|machine| machine.object == one.object && is_it(machine, one));
            match place.map(|place| machines.swap_remove(place)) {
                Some(machine) => seen.push(context.seen(one, &machine).await?),
                None => others.push(one),
            }
        }
    }
    for one in others.into_iter().take(SINGLE) {
        match context.locate(&one.identity).await {
            Ok(found) => seen.push(Seen {
                identity: one.identity.name.clone(),
                found: found.as_ref().map_or(Value::Null, document),
            }),
            Err(failure) if trouble::of(&failure) != Trouble::None => return Err(failure),
            // Nothing can be said of this one now.
            Err(failure) => tracing::debug!(code = failure.code, "a machine could not be read again"),
        }
    }
    Ok(seen)
}

/// A machine that stands and is meant to: one that is being built or removed is its run's, and one of another vCenter
/// cannot be asked for here.
fn known(context: &Context<'_>, thing: &eaf_core::observation::Thing, vcenter: &str) -> Option<Known> {
    let record: Record = serde_json::from_value(thing.data.clone()).ok()?;
    let is_here = record.stage == Stage::Present && record.vcenter == vcenter;
    let object = record.object.clone().filter(|_| is_here)?;
    Some(Known { identity: Identity::new(context.call, &thing.identity), record, object })
}

/// While its configuration cannot be read, the object alone says which it is.
fn is_it(machine: &Machine, one: &Known) -> bool {
    machine.config.is_none() || machine.is_marked(&one.identity.marker)
}

impl Context<'_> {
    async fn seen(&self, one: &Known, machine: &Machine) -> Result<Seen, Failure> {
        if machine.config.is_some() {
            self.note(&one.identity, Some(&one.record), machine, Stage::Present).await?;
        }
        Ok(Seen { identity: one.identity.name.clone(), found: document(machine) })
    }
}
