//! Function `clone`: clones a machine from a template, exactly once.
//!
//! Before the function sends the clone, it searches for the machine by instance UUID and by path
//! and marker, and for running clones whose answer may have been lost. The last protection is the
//! machine's name, which is unique in its folder: a second clone ends with the fault
//! `DuplicateName`, and the marker of the first machine shows whose it is.

use super::{Operation, Outcome};
use crate::client::machine::{self, Config, Machine, Reach};
use crate::client::task::{self, State};
use crate::client::{Error, MoRef, clone, device, path, placement, properties, reconfigure};
use crate::context::Context;
use crate::failure;
use crate::failure::Code;
use crate::identity::Identity;
use crate::locate::{is_ours, unreachable, usable};
use crate::record::{Record, Stage};
use crate::scope::Scope;
use crate::vcenter::Place;
use eaf_capability::HostCode;
use eaf_capability::{Class, Failure, Polled, Started};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// Retry budget of a clone whose outcome is unknown: the time that the clone of a large template
/// takes.
const DOUBT_BUDGET: Duration = Duration::from_secs(6 * 60 * 60);

#[derive(Deserialize)]
struct Arguments {
    spec: Spec,
}

#[derive(Deserialize)]
struct Spec {
    /// Path of the template that is cloned, relative to the datacenter's VM folder.
    template: String,
    name: String,
    /// Path of the machine's folder, relative to the connection's folder. Empty: the connection's
    /// folder itself.
    #[serde(default)]
    folder: String,
    cpus: u32,
    memory_mb: u64,
}

pub async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    let Arguments { spec } = super::arguments(context)?;
    let identity = super::identity(context)?;
    Scope::read(&context.call.granted.scope)?.check(&spec.template)?;
    check(&spec)?;
    let vcenter = &context.vcenter;

    if let Some(machine) = context.locate(&identity).await? {
        return Ok(Started::Done(answer(context, &identity, &machine).await?));
    }
    if let Some(under_way) = plan(context, &identity, &spec).await? {
        return Operation::Clone { task: under_way }.pending(context).await;
    }
    let place = vcenter.place(&spec.folder).await?.ok_or_else(|| vcenter.folder_missing(&spec.folder))?;
    let template = vcenter.template(&spec.template).await?;
    // The tasks are read before the machine. If a clone ends between the two reads, the second read
    // then finds its machine.
    let unacknowledged =
        task::running_unacknowledged(&vcenter.session, &template.object).await.map_err(|e| failure::of_read(&e))?;
    if let Some(answer) = find(context, &identity, &spec).await? {
        return Ok(Started::Done(answer));
    }
    if vcenter.session.must_wait(&context.call.idempotency_key, &unacknowledged) {
        return Err(in_doubt("A clone of this template is running and may be the one asked for; its end is awaited."));
    }
    begin(context, &identity, &spec, &place, &template).await
}

/// Writes the record of the planned machine, unless a clone is already recorded. The record keeps
/// the object that was seen earlier in this vCenter, because other machines with the same marker
/// are then known as copies. Returns the task of an earlier clone that still runs, or else `None`.
async fn plan(context: &Context<'_>, identity: &Identity, spec: &Spec) -> Result<Option<MoRef>, Failure> {
    let vcenter = context.vcenter.instance_uuid().await?;
    match context.record(identity).await? {
        Some(Record { stage: Stage::Creating, task: Some(task), vcenter: of, .. }) if of == vcenter => {
            let state = task::state(&context.vcenter.session, &task).await.map_err(|e| failure::of_read(&e))?;
            Ok(matches!(state, Some(State::Running { .. })).then_some(task))
        }
        Some(Record { stage: Stage::Creating, .. }) => Ok(None),
        before => {
            let object = before.filter(|before| before.vcenter == vcenter).and_then(|before| before.object);
            let (stage, name) = (Stage::Planned, spec.name.clone());
            let planned = Record { vcenter, stage, name, template: None, task: None, object };
            context.save(identity, &planned).await?;
            Ok(None)
        }
    }
}

/// Writes the record of the clone and then sends the clone, so that a removal waits for it even if
/// vCenter's answer is lost.
async fn begin(
    context: &Context<'_>,
    identity: &Identity,
    spec: &Spec,
    place: &Place,
    template: &Machine,
) -> Result<Started, Failure> {
    let vcenter = &context.vcenter;
    let session = &vcenter.session;
    let compute = vcenter.compute().await?;
    let datastore = vcenter.datastore().await?;
    let host = match compute.host {
        Some(host) => Some(host),
        None => choose_host(context, &compute.pool, datastore.as_ref(), template).await?,
    };
    let request = clone::Clone {
        template: &template.object,
        folder: &place.folder,
        pool: &compute.pool,
        host: host.as_ref(),
        datastore: datastore.as_ref(),
        name: &spec.name,
        instance_uuid: identity.instance_uuid,
        cpus: spec.cpus,
        cores_per_socket: super::cores_per_socket(spec.cpus, usable_template(template)?.cores_per_socket),
        memory_mb: spec.memory_mb,
        marker: &identity.marker,
        idempotency_key: &context.call.idempotency_key,
        replace_tpm: replaces_tpm(context, &template.object).await?,
    };
    let intent = Record {
        vcenter: vcenter.instance_uuid().await?,
        stage: Stage::Creating,
        name: spec.name.clone(),
        template: Some(template.object.clone()),
        task: None,
        object: context.record(identity).await?.and_then(|planned| planned.object),
    };
    context.save(identity, &intent).await?;
    let started = clone::start(session, &request).await;
    settle_start(context, identity, spec, intent, started).await
}

/// Records the task of the clone that was sent, or handles why vCenter started none.
async fn settle_start(
    context: &Context<'_>,
    identity: &Identity,
    spec: &Spec,
    mut intent: Record,
    started: Result<MoRef, Error>,
) -> Result<Started, Failure> {
    match started {
        Ok(task) => {
            intent.task = Some(task.clone());
            context.save(identity, &intent).await?;
            // The task counts as acknowledged only after it is recorded: without a record, this
            // host could not find its clone again, so the task must stay suspect.
            context.vcenter.session.acknowledge_task(&task);
            Operation::Clone { task }.pending(context).await
        }
        Err(error) if error.is_fault("DuplicateName") => {
            find(context, identity, spec).await?.map(Started::Done).ok_or_else(name_released)
        }
        Err(error) => {
            if error.is_refusal() {
                context.set_stage(identity, Stage::Planned).await?;
            }
            Err(failure::of_effect(&error))
        }
    }
}

pub async fn poll(context: &Context<'_>, task: &MoRef, since: i64) -> Result<Polled, Failure> {
    let Arguments { spec } = super::arguments(context)?;
    let identity = super::identity(context)?;
    let fault = match super::outcome(context, task, since).await? {
        Outcome::Running(running) => return Ok(running),
        Outcome::Over(over) => return Ok(over),
        Outcome::Failed(fault) => Some(fault),
        Outcome::Succeeded { result } => {
            if let Some(machine) = result {
                identify(context, &identity, &spec, &machine).await?;
            }
            None
        }
        Outcome::Unknown => None,
    };
    // The clone has succeeded if the machine exists, whatever the state of the task.
    if let Some(answer) = find(context, &identity, &spec).await? {
        return Ok(Polled::Done(answer));
    }
    Ok(match fault {
        Some(fault) if fault.kind == "DuplicateName" => Polled::Ended(name_released()),
        fault => {
            if fault.is_some() {
                context.set_stage(&identity, Stage::Planned).await?;
            }
            super::ended(fault)
        }
    })
}

/// Writes the instance UUID and the marker into the machine that this host's task created. This is
/// needed because a server may ignore these values in the clone's spec, or assign another instance
/// UUID.
async fn identify(context: &Context<'_>, identity: &Identity, spec: &Spec, object: &MoRef) -> Result<(), Failure> {
    let session = &context.vcenter.session;
    let found = machine::read(session, object).await.map_err(|e| failure::of_read(&e))?;
    let Some(found) = found.filter(|machine| machine.name == spec.name) else { return Ok(()) };
    let Some(config) = &found.config else { return Ok(()) };
    let (uuid, marker) = (identity.instance_uuid, &identity.marker);
    if config.marker.is_none() {
        let key = &context.call.idempotency_key;
        let written = reconfigure::identity(session, &found.object, uuid, marker, key).await;
        written.map_err(|e| failure::of_effect(&e))?;
        return Err(retryable("The virtual machine gets its instance UUID and marker."));
    }
    if found.is_marked(marker) {
        let record = context.record(identity).await?;
        context.update_record(identity, record.as_ref(), &found, Stage::Present).await?;
    }
    if found.is_marked(marker) && config.instance_uuid != Some(uuid) {
        reconfigure::instance_uuid(session, &found.object, uuid).await.map_err(|e| failure::of_effect(&e))?;
        return Err(retryable("The virtual machine gets its instance UUID back."));
    }
    Ok(())
}

async fn find(context: &Context<'_>, identity: &Identity, spec: &Spec) -> Result<Option<Value>, Failure> {
    if let Some(machine) = context.locate(identity).await? {
        return Ok(Some(answer(context, identity, &machine).await?));
    }
    let vcenter = &context.vcenter;
    let place = vcenter.place(&spec.folder).await?.ok_or_else(|| vcenter.folder_missing(&spec.folder))?;
    adopt(context, identity, &place, &spec.name).await
}

/// Answer of the function `clone` with a machine. Fails unless the machine is usable.
async fn answer(context: &Context<'_>, identity: &Identity, machine: &Machine) -> Result<Value, Failure> {
    context.check_vcenter(identity, machine).await?;
    usable(machine)?;
    context.set_stage(identity, Stage::Present).await?;
    Ok(super::document(machine))
}

/// Answer with the machine at the requested path, if that machine belongs to this identity. `None`
/// if there is no machine at the path. Fails if the machine belongs to another owner.
async fn adopt(
    context: &Context<'_>,
    identity: &Identity,
    place: &Place,
    name: &str,
) -> Result<Option<Value>, Failure> {
    let vcenter = &context.vcenter;
    let mut names = place.names.clone();
    names.push(name.to_owned());
    let Some(object) = vcenter.object(&names).await? else { return Ok(None) };
    if object.kind != "VirtualMachine" {
        return Err(foreign(&names));
    }
    let found = machine::read(&vcenter.session, &object).await.map_err(|e| failure::of_read(&e))?;
    let Some(found) = found else { return Err(incomplete()) };
    if found.config.is_none() {
        return Err(if found.reach == Reach::Connected { incomplete() } else { unreachable(&found) });
    }
    let record = context.record(identity).await?;
    if !is_ours(&found, identity, record.as_ref()) && !is_from_our_clone(&found, identity, record.as_ref()) {
        return Err(foreign(&names));
    }
    context.update_record(identity, record.as_ref(), &found, Stage::Present).await?;
    if !found.is(&identity.marker, identity.instance_uuid) {
        let task = reconfigure::instance_uuid(&vcenter.session, &found.object, identity.instance_uuid).await;
        task.map_err(|e| failure::of_effect(&e))?;
        return Err(in_doubt("The virtual machine gets its instance UUID back."));
    }
    Ok(Some(super::document(&found)))
}

/// Whether a machine may be the result of this host's clone, although vCenter gave it another
/// instance UUID. True if the machine has the marker, a clone was sent, and no machine of this
/// identity was seen before of which this one could be a copy.
fn is_from_our_clone(found: &Machine, identity: &Identity, record: Option<&Record>) -> bool {
    let was_sent = record.is_some_and(|record| record.stage == Stage::Creating && record.object.is_none());
    was_sent && found.is_marked(&identity.marker)
}

async fn choose_host(
    context: &Context<'_>,
    pool: &MoRef,
    datastore: Option<&MoRef>,
    template: &Machine,
) -> Result<Option<MoRef>, Failure> {
    let session = &context.vcenter.session;
    let read = |e| failure::of_read(&e);
    let needed = match datastore {
        Some(datastore) => vec![datastore.clone()],
        None => match properties::read_one(session, &template.object, &["datastore"]).await.map_err(read)? {
            Some(found) => found.references("datastore").map_err(read)?,
            None => Vec::new(),
        },
    };
    placement::host(session, pool, &needed).await.map_err(read)
}

/// Whether the clone must ask vCenter for new TPM secrets. True if the template has a TPM and
/// vCenter is version 8 or newer; vCenter would otherwise copy the template's secrets.
async fn replaces_tpm(context: &Context<'_>, template: &MoRef) -> Result<bool, Failure> {
    let session = &context.vcenter.session;
    let about = session.about().await.map_err(|e| failure::of_read(&e))?;
    let major = about.api_version.split('.').next().and_then(|major| major.parse::<u32>().ok()).unwrap_or_default();
    Ok(major >= 8 && device::has_tpm(session, template).await.map_err(|e| failure::of_read(&e))?)
}

fn usable_template(template: &Machine) -> Result<&Config, Failure> {
    template.config.as_ref().ok_or_else(|| unreachable(template))
}

fn in_doubt(message: &str) -> Failure {
    failure::new(Class::UnknownOutcome, Code::CloneInDoubt, message)
        .retry_after(Duration::from_secs(1))
        .give_up_after(DOUBT_BUDGET)
}

/// Failure of a read during a poll. It is retryable, so the operation continues.
fn retryable(message: &str) -> Failure {
    in_doubt(message).with_class(Class::Transient)
}

/// Failure of a machine that vCenter lists and cannot read yet. It is being cloned, perhaps by this
/// call.
fn incomplete() -> Failure {
    in_doubt("A virtual machine of this name is being made and may be the one asked for; its end is awaited.")
}

/// Failure of a clone whose name was taken when the clone ended, and is free now. The workflow
/// engine then starts the function again.
fn name_released() -> Failure {
    in_doubt("The name was taken for a short time; it is looked at again.")
}

fn foreign(names: &[String]) -> Failure {
    failure::new(
        Class::Conflict,
        Code::ForeignVm,
        format!(
            "{} exists in vCenter and was not made for this request. Rename or remove it there, or choose another \
             name; then retry.",
            names.join("/")
        ),
    )
}

fn check(spec: &Spec) -> Result<(), Failure> {
    super::check_size(spec.cpus, spec.memory_mb)?;
    if spec.name.is_empty() || path::is_too_long(&spec.name) {
        let message =
            format!("A machine's name has 1 to {} characters; `%`, `/` and `\\` count three.", path::MAX_NAME);
        return Err(failure::new(Class::Permanent, HostCode::Arguments, message));
    }
    Ok(())
}
