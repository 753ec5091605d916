//! Reading all machines of a plugin again.
//!
//! A page of machines is one call. Those that the page does not have, or has under another marker, are looked for one by
//! one as `read-vm` does, and only so many of them in one round: a folder that the account may not see any more must not
//! become a call for each machine. That vCenter lists no such machine is no proof that it is gone, so one search of the
//! connection's folder is made for all of them.

use super::client::MoRef;
use super::client::machine::{self, Machine};
use super::context::Context;
use super::failure;
use super::functions::document;
use super::identity::Identity;
use super::locate::{Search, judge};
use super::record::{Record, Stage};
use super::trouble;
use eaf_capability::{Call, Class, Failure, Observed, Seen, Trouble, Watch};
use eaf_core::id::{EventId, RunId};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;

/// Machines in one call.
const PAGE: usize = 50;
/// Machines that are looked for one by one in a round, and for how long: what is slow must not take the others' time.
const SINGLE: usize = 20;
const SINGLES_TIME: Duration = Duration::from_secs(20);
/// Of the search of the folder.
const SEARCH_TIME: Duration = Duration::from_secs(40);

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

/// Until the time is over, which loses nothing of what was seen before.
pub async fn observe(context: &Context<'_>, watch: &Watch) -> Observed {
    let mut seen = Vec::new();
    let looked = timeout_at(watch.until.into(), look(context, watch, &mut seen)).await;
    let failure = looked.unwrap_or_else(|_| Err(too_long())).err();
    Observed { seen, failure }
}

fn too_long() -> Failure {
    failure::new(Class::Transient, "observation-too-long", "Reading again took too long.")
}

async fn look(context: &Context<'_>, watch: &Watch, seen: &mut Vec<Seen>) -> Result<(), Failure> {
    let vcenter = context.vcenter.instance_uuid().await?;
    let known: Vec<Known> = watch.things.iter().filter_map(|thing| known(context, thing, &vcenter)).collect();
    let mut others = Vec::new();
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
    let start = usize::from_le_bytes(context.world.bytes());
    let unlisted = one_by_one(context, in_turn(&others, start), seen).await?;
    search(context, &unlisted, seen).await
}

/// As many as one round has time for, from a random place on: the same ones, which cannot be read, must not hide the
/// others for ever.
fn in_turn<T: Copy>(all: &[T], start: usize) -> Vec<T> {
    let start = start.checked_rem(all.len()).unwrap_or_default();
    all.iter().cycle().skip(start).take(all.len().min(SINGLE)).copied().collect()
}

/// Those that vCenter does not list.
async fn one_by_one<'a>(
    context: &Context<'_>,
    machines: Vec<&'a Known>,
    seen: &mut Vec<Seen>,
) -> Result<Vec<&'a Known>, Failure> {
    let (until, mut unlisted) = (Instant::now() + SINGLES_TIME, Vec::new());
    for one in machines {
        match timeout_at(until, context.look(&one.identity, Some(&one.record), true)).await {
            Ok(Ok(Some(machine))) => seen.push(context.seen(one, &machine).await?),
            Ok(Ok(None)) => unlisted.push(one),
            Ok(Err(failure)) => unknown(failure)?,
            Err(_) => break,
        }
    }
    Ok(unlisted)
}

/// Machines that vCenter does not list are gone only when the connection's folder was read and does not have them.
async fn search(context: &Context<'_>, unlisted: &[&Known], seen: &mut Vec<Seen>) -> Result<(), Failure> {
    if unlisted.is_empty() {
        return Ok(());
    }
    let markers: Vec<&str> = unlisted.iter().map(|one| one.identity.marker.as_str()).collect();
    let searched = match timeout(SEARCH_TIME, context.search_folder(&markers)).await {
        Ok(Ok(searched)) => searched,
        Ok(Err(failure)) => return unknown(failure),
        Err(_) => return Ok(()),
    };
    for one in unlisted {
        match judge(&searched, &one.identity, Some(&one.record)) {
            Ok(Search::Found(machine)) => seen.push(context.seen(one, &machine).await?),
            // What this host removed meanwhile is its run's to tell.
            Ok(Search::Absent { .. }) if context.record(&one.identity).await?.as_ref() == Some(&one.record) => {
                seen.push(Seen { identity: one.identity.name.clone(), found: Value::Null });
            }
            Ok(Search::Absent { .. }) => {}
            Err(failure) => unknown(failure)?,
        }
    }
    Ok(())
}

/// Nothing can be said of a machine now, unless it is vCenter that is not reached. An answer that cannot be understood is
/// of the object that it is about: the pages were understood.
fn unknown(failure: Failure) -> Result<(), Failure> {
    if trouble::of(&failure) != Trouble::None && failure.code != "vcenter-answer" {
        return Err(failure);
    }
    tracing::debug!(code = failure.code, "a machine could not be read again");
    Ok(())
}

/// A machine that stands and is meant to: one that is being built or removed is its run's, and one of another vCenter
/// cannot be asked for here.
fn known(context: &Context<'_>, thing: &eaf_core::observation::Thing, vcenter: &str) -> Option<Known> {
    let record: Record = serde_json::from_value(thing.data.clone()).ok()?;
    let is_here = record.stage == Stage::Present && record.vcenter == vcenter;
    let object = record.object.clone().filter(|_| is_here)?;
    Some(Known { identity: Identity::new(context.call, &thing.identity), record, object })
}

/// What the data of things has that [`known`] takes.
pub fn observable() -> Value {
    json!({ "stage": Stage::Present })
}

/// While its configuration cannot be read, the object alone says which it is.
fn is_it(machine: &Machine, one: &Known) -> bool {
    machine.config.is_none() || machine.is_marked(&one.identity.marker)
}

impl Context<'_> {
    /// The record is changed only as it was when the round began: a run may have changed it since.
    async fn seen(&self, one: &Known, machine: &Machine) -> Result<Seen, Failure> {
        if machine.config.is_some() {
            let now = self.record_of(machine, Stage::Present).await?;
            if now != one.record {
                self.replace(&one.identity, &one.record, &now).await?;
            }
        }
        Ok(Seen { identity: one.identity.name.clone(), found: document(machine) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_machine_that_cannot_be_read_in_a_page_has_its_turn() {
        let all: Vec<usize> = (0..50).collect();
        for one in &all {
            let chosen = (0..all.len()).filter(|start| in_turn(&all, *start).contains(one)).count();
            assert_eq!(chosen, SINGLE, "as likely as any other");
        }
        assert_eq!(in_turn(&all[..3], 7), [1, 2, 0]);
        assert!(in_turn::<usize>(&[], 7).is_empty());
    }
}
