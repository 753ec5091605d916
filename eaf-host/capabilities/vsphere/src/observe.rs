//! Observation of all machines of a plugin.
//!
//! One call reads a page of machines. If a machine is missing on its page or has another marker
//! there, it is read singly, as by `read-vm`; the number of single reads per observation is
//! limited, so that a folder that became invisible does not cost a call per machine. A machine that
//! vCenter does not list may still exist, so one search of the connection's folder covers all
//! unlisted machines.

use super::client::MoRef;
use super::client::machine::{self, Machine};
use super::connection_problem;
use super::context::Context;
use super::failure;
use super::functions::document;
use super::identity::Identity;
use super::locate::{Search, find_in_search};
use super::record::{Record, Stage};
use crate::failure::Code;
use eaf_capability::HostCode;
use eaf_capability::{Call, Class, ConnectionProblem, Failure, ObservationRequest, Observations, ResourceState};
use eaf_core::id::{EventId, RunId};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;

/// Number of machines that one call reads.
const PAGE: usize = 50;
/// Maximum number of machines that one observation reads singly.
const SINGLE_READS: usize = 20;
const SINGLE_READS_TIME: Duration = Duration::from_secs(20);
/// Time-out of the folder search in one observation.
const SEARCH_TIME: Duration = Duration::from_secs(40);

/// Creates the call of an observation. It belongs to no workflow run, because the host makes it.
pub fn call(request: &ObservationRequest) -> Call {
    Call {
        tenant: request.tenant,
        plugin: request.plugin.clone(),
        run: RunId(Uuid::nil()),
        event: EventId(Uuid::nil()),
        sequence: 0,
        idempotency_key: String::new(),
        granted: request.granted.clone(),
        function: "read-vm".into(),
        args: json!({}),
        trace: request.trace.clone(),
    }
}

struct RecordedMachine {
    identity: Identity,
    record: Record,
    object: MoRef,
}

/// Observes machines until the deadline. States that were read before the deadline or before a
/// failure are returned.
pub async fn observe(context: &Context<'_>, request: &ObservationRequest) -> Observations {
    let mut states = Vec::new();
    let result = timeout_at(request.deadline.into(), observe_all(context, request, &mut states)).await;
    let failure = result.unwrap_or_else(|_| Err(too_long())).err();
    Observations { states, failure }
}

fn too_long() -> Failure {
    failure::new(Class::Transient, HostCode::ObservationTooLong, "The observation took too long.")
}

async fn observe_all(
    context: &Context<'_>,
    request: &ObservationRequest,
    states: &mut Vec<ResourceState>,
) -> Result<(), Failure> {
    let vcenter = context.vcenter.instance_uuid().await?;
    let recorded_machines: Vec<RecordedMachine> =
        request.resources.iter().filter_map(|resource| recorded(context, resource, &vcenter)).collect();
    let mut others = Vec::new();
    for page in recorded_machines.chunks(PAGE) {
        let objects: Vec<MoRef> = page.iter().map(|one| one.object.clone()).collect();
        let read = machine::read_several(&context.vcenter.session, &objects).await;
        let mut machines = read.map_err(|error| failure::of_read(&error))?;
        for one in page {
            let place = machines.iter().position(|machine| machine.object == one.object && is_same(machine, one));
            match place.map(|place| machines.swap_remove(place)) {
                Some(machine) => states.push(context.state_of(one, &machine).await?),
                None => others.push(one),
            }
        }
    }
    let start = usize::from_le_bytes(context.ambient.bytes());
    let unlisted = read_singly(context, take_from(&others, start), states).await?;
    search(context, &unlisted, states).await
}

/// Chooses the machines that this observation reads singly. It begins at a random machine, so that
/// the same unreadable machines do not displace the others each time.
fn take_from<T: Copy>(all: &[T], start: usize) -> Vec<T> {
    let start = start.checked_rem(all.len()).unwrap_or_default();
    all.iter().cycle().skip(start).take(all.len().min(SINGLE_READS)).copied().collect()
}

/// Reads machines one by one. Returns the machines that vCenter does not list.
async fn read_singly<'a>(
    context: &Context<'_>,
    machines: Vec<&'a RecordedMachine>,
    states: &mut Vec<ResourceState>,
) -> Result<Vec<&'a RecordedMachine>, Failure> {
    let (until, mut unlisted) = (Instant::now() + SINGLE_READS_TIME, Vec::new());
    for one in machines {
        match timeout_at(until, context.find(&one.identity, Some(&one.record), true)).await {
            Ok(Ok(Some(machine))) => states.push(context.state_of(one, &machine).await?),
            Ok(Ok(None)) => unlisted.push(one),
            Ok(Err(failure)) => ignore_unless_vcenter(failure)?,
            Err(_) => break,
        }
    }
    Ok(unlisted)
}

/// Searches the connection's folder for machines that vCenter does not list. A machine that is not
/// in the folder either is reported as missing.
async fn search(
    context: &Context<'_>,
    unlisted: &[&RecordedMachine],
    states: &mut Vec<ResourceState>,
) -> Result<(), Failure> {
    if unlisted.is_empty() {
        return Ok(());
    }
    let markers: Vec<&str> = unlisted.iter().map(|one| one.identity.marker.as_str()).collect();
    let searched = match timeout(SEARCH_TIME, context.search_folder(&markers)).await {
        Ok(Ok(searched)) => searched,
        Ok(Err(failure)) => return ignore_unless_vcenter(failure),
        Err(_) => return Ok(()),
    };
    for one in unlisted {
        match find_in_search(&searched, &one.identity, Some(&one.record)) {
            Ok(Search::Found(machine)) => states.push(context.state_of(one, &machine).await?),
            // If the record has changed, this host removed the machine meanwhile. The workflow run
            // reports the removal, so the observation does not.
            Ok(Search::Absent { .. }) if context.record(&one.identity).await?.as_ref() == Some(&one.record) => {
                states.push(ResourceState { identity: one.identity.name.clone(), state: Value::Null });
            }
            Ok(Search::Absent { .. }) => {}
            Err(failure) => ignore_unless_vcenter(failure)?,
        }
    }
    Ok(())
}

/// Ignores a failure that concerns one machine, and returns a failure that concerns vCenter. An
/// unreadable answer counts as a failure of the machine, because the pages were readable.
fn ignore_unless_vcenter(failure: Failure) -> Result<(), Failure> {
    if connection_problem::of(&failure) != ConnectionProblem::None && !failure.has_code(Code::VcenterAnswer) {
        return Err(failure);
    }
    tracing::debug!(code = failure.code, "a machine could not be observed");
    Ok(())
}

/// Machine that the observation reads. `None` if the managed resource has no object in this
/// vCenter, or if a workflow run is creating or removing the machine.
fn recorded(
    context: &Context<'_>,
    resource: &eaf_core::observation::ManagedResource,
    vcenter: &str,
) -> Option<RecordedMachine> {
    let record: Record = serde_json::from_value(resource.data.clone()).ok()?;
    let is_here = record.stage == Stage::Present && record.vcenter == vcenter;
    let object = record.object.clone().filter(|_| is_here)?;
    Some(RecordedMachine { identity: Identity::new(context.call, &resource.identity), record, object })
}

/// JSON members that the data of a managed resource must have for an observation to read it.
pub fn observable() -> Value {
    json!({ "stage": Stage::Present })
}

/// Whether a machine is the machine of the record. While the configuration is unreadable, the
/// object id alone decides.
fn is_same(machine: &Machine, one: &RecordedMachine) -> bool {
    machine.config.is_none() || machine.is_marked(&one.identity.marker)
}

impl Context<'_> {
    /// State of a machine that the observation reports. The record is replaced only if it is the
    /// same as at the start of the observation, because a workflow run may have changed it.
    async fn state_of(&self, one: &RecordedMachine, machine: &Machine) -> Result<ResourceState, Failure> {
        if machine.config.is_some() {
            let now = self.record_of(machine, Stage::Present).await?;
            if now != one.record {
                self.replace(&one.identity, &one.record, &now).await?;
            }
        }
        Ok(ResourceState { identity: one.identity.name.clone(), state: document(machine) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_without_a_page_are_chosen_with_equal_probability() {
        let all: Vec<usize> = (0..50).collect();
        for one in &all {
            let chosen = (0..all.len()).filter(|start| take_from(&all, *start).contains(one)).count();
            assert_eq!(chosen, SINGLE_READS, "equal probability");
        }
        assert_eq!(take_from(&all[..3], 7), [1, 2, 0]);
        assert!(take_from::<usize>(&[], 7).is_empty());
    }
}
