//! Cloning a template, exactly once. Before acting it looks for the machine by UUID, then by path and marker, and for
//! running clones whose answer may have been lost. Whatever this misses, the name in the folder stops: a second clone
//! ends with `DuplicateName`, and the marker tells whether the first one was ours.

use super::{Handle, Outcome, TASK_INTERVAL};
use crate::capabilities::vsphere::client::{Fault, MoRef, clone, machine, reconfigure, task};
use crate::capabilities::vsphere::failure;
use crate::capabilities::vsphere::identity::Identity;
use crate::capabilities::vsphere::provider::Context;
use crate::capabilities::vsphere::vcenter::Place;
use crate::capabilities::{Class, Failure, Polled, Started};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Arguments {
    spec: Spec,
}

#[derive(Deserialize)]
struct Spec {
    /// Path below the datacenter's VM folder.
    template: String,
    name: String,
    /// Path below the connection's folder.
    #[serde(default)]
    folder: String,
    cpus: u32,
    memory_mb: u64,
}

/// What an operator may narrow a grant to.
#[derive(Deserialize, Default)]
struct Scope {
    /// Paths of templates, or of folders of templates.
    templates: Option<Vec<String>>,
}

pub async fn start(context: &Context<'_>) -> Result<Started, Failure> {
    let Arguments { spec } = super::arguments(context)?;
    let identity = super::identity(context)?;
    check_scope(context, &spec.template)?;
    let vcenter = &context.vcenter;

    if let Some(machine) = vcenter.locate(&identity).await? {
        return Ok(Started::Done(super::document(&machine)));
    }
    let place = vcenter.place(&spec.folder).await?.ok_or_else(|| vcenter.folder_missing(&spec.folder))?;
    let template = vcenter.template(&spec.template).await?;
    // The tasks before the machine: a clone that ends in between has left its machine to be found.
    let unheard = task::running_unheard(&vcenter.session, &template).await.map_err(|e| failure::of_read(&e))?;
    if let Some(answer) = find(context, &identity, &place, &spec.name).await? {
        return Ok(Started::Done(answer));
    }
    if vcenter.session.must_wait(&context.call.idempotency_key, &unheard) {
        return Err(in_doubt("A clone of this template is running and may be the one asked for; its end is awaited."));
    }

    let pool = vcenter.pool().await?;
    let datastore = vcenter.datastore().await?;
    let request = clone::Clone {
        template: &template,
        folder: &place.folder,
        pool: &pool,
        datastore: datastore.as_ref(),
        name: &spec.name,
        instance_uuid: identity.instance_uuid,
        cpus: spec.cpus,
        memory_mb: spec.memory_mb,
        marker: &identity.marker,
        idempotency_key: &context.call.idempotency_key,
    };
    match clone::start(&vcenter.session, &request).await {
        Ok(task) => Ok(Handle::Clone { task }.pending(TASK_INTERVAL)),
        Err(error) if error.is_fault("DuplicateName") => {
            adopt(context, &identity, &place, &spec.name).await?.map(Started::Done).ok_or_else(taken_and_gone)
        }
        Err(error) => Err(failure::of_effect(&error)),
    }
}

pub async fn poll(context: &Context<'_>, task: &MoRef) -> Result<Polled, Failure> {
    let Arguments { spec } = super::arguments(context)?;
    let identity = super::identity(context)?;
    let vcenter = &context.vcenter;
    let fault = match super::outcome(context, task).await? {
        Outcome::Running(running) => return Ok(running),
        Outcome::Failed(fault) => Some(fault),
        Outcome::Succeeded | Outcome::Unknown => None,
    };
    // Whatever the task says, the machine decides.
    let place = vcenter.place(&spec.folder).await?.ok_or_else(|| vcenter.folder_missing(&spec.folder))?;
    if let Some(answer) = find(context, &identity, &place, &spec.name).await? {
        return Ok(Polled::Done(answer));
    }
    Ok(match fault {
        Some(Fault { kind, .. }) if kind == "DuplicateName" => Polled::Ended(taken_and_gone()),
        fault => super::ended(fault),
    })
}

/// The machine at the path where ours belongs: ours by its marker, nothing, or somebody else's.
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
    let found = machine::read(&vcenter.session, &object).await.map_err(|e| failure::of_read(&e))?;
    let Some(found) = found.filter(|m| m.marker.as_deref() == Some(&identity.marker)) else {
        return Err(failure::new(
            Class::Conflict,
            "foreign-vm",
            format!(
                "{} exists in vCenter and was not made for this request. Rename or remove it there, or choose another \
                 name; then retry.",
                names.join("/")
            ),
        ));
    };
    if found.instance_uuid != Some(identity.instance_uuid) {
        let task = reconfigure::instance_uuid(&vcenter.session, &found.object, identity.instance_uuid).await;
        task.map_err(|e| failure::of_effect(&e))?;
        return Err(in_doubt("The virtual machine gets its instance UUID back."));
    }
    Ok(Some(super::document(&found)))
}

async fn find(context: &Context<'_>, identity: &Identity, place: &Place, name: &str) -> Result<Option<Value>, Failure> {
    match context.vcenter.locate(identity).await? {
        Some(machine) => Ok(Some(super::document(&machine))),
        None => adopt(context, identity, place, name).await,
    }
}

fn in_doubt(message: &str) -> Failure {
    Failure { retry_after_ms: Some(1_000), ..failure::new(Class::UnknownOutcome, "clone-in-doubt", message) }
}

/// Taken a moment ago, free now: look again.
fn taken_and_gone() -> Failure {
    in_doubt("The name was taken for a moment; it is looked at again.")
}

fn check_scope(context: &Context<'_>, template: &str) -> Result<(), Failure> {
    let scope: Scope = match &context.call.scope {
        Value::Null => Scope::default(),
        scope => serde_json::from_value(scope.clone()).map_err(|_| {
            failure::new(Class::Denied, "template-denied", "The grant's scope is not readable: `templates` is a list.")
        })?,
    };
    let Some(allowed) = scope.templates else { return Ok(()) };
    let inside = |of: &String| template == of || template.strip_prefix(of.as_str()).is_some_and(|r| r.starts_with('/'));
    if allowed.iter().any(inside) {
        return Ok(());
    }
    Err(failure::new(Class::Denied, "template-denied", format!("The grant does not allow the template {template}.")))
}
