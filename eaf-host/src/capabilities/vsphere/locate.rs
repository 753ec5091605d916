//! Finding the machine that a call is about, and proving that it is not there.
//!
//! A machine is ours when its instance UUID and its marker fit, or when it is the very object that was seen last and
//! carries the marker. A copy that a person or a backup product made carries the marker but another UUID: such a copy
//! is reported and never changed. An object that cannot be read proves nothing, so a machine counts as absent only
//! after vCenter was asked for its UUID, for the object that was seen last, and for its marker in the whole folder.

use super::client::machine::{self, Config, Label, Machine, Reach};
use super::client::{find, tree};
use super::context::Context;
use super::failure;
use super::identity::Identity;
use super::record::{Record, Stage};
use crate::capabilities::{Class, Failure};
use std::time::Duration;

/// A host that restarts, or storage that comes back, needs minutes; after this a person has to look.
const UNREACHABLE_FOR: Duration = Duration::from_secs(30 * 60);

/// What a search for a machine that the index does not list came to.
pub enum Search {
    Found(Box<Machine>),
    /// Proved; these copies carry its marker and were left alone.
    Absent {
        copies: Vec<String>,
    },
}

impl Context<'_> {
    /// The machine, with the record brought up to date; none when vCenter lists no such machine. That is no proof yet.
    pub async fn locate(&self, identity: &Identity) -> Result<Option<Machine>, Failure> {
        let record = self.record(identity).await?;
        let found = self.look(identity, record.as_ref()).await?;
        if let Some(machine) = found.as_ref().filter(|machine| machine.config.is_some()) {
            let stage = match &record {
                Some(Record { stage: stage @ (Stage::Removing | Stage::Removed), .. }) => *stage,
                _ => Stage::Present,
            };
            self.note(identity, record.as_ref(), machine, stage).await?;
        }
        Ok(found)
    }

    /// The machine, which must be there and usable. A call that works with it is no removal, so an earlier one is over.
    pub async fn require(&self, identity: &Identity) -> Result<Machine, Failure> {
        let machine = self.locate(identity).await?.ok_or_else(|| missing(identity))?;
        usable(&machine)?;
        self.enter(identity, Stage::Present).await?;
        Ok(machine)
    }

    /// For a machine that [`locate`](Self::locate) did not find: looks for its marker in the connection's whole folder.
    pub async fn search(&self, identity: &Identity) -> Result<Search, Failure> {
        let record = self.record(identity).await?;
        let vcenter = &self.vcenter;
        let root = vcenter.root_place().await?;
        let searched = tree::search(&vcenter.session, &root.folder, &identity.marker).await.map_err(read)?;
        let searched = searched.ok_or_else(|| vcenter.folder_missing(""))?;
        let (mut ours, copies): (Vec<Machine>, Vec<Machine>) =
            searched.marked.into_iter().partition(|machine| is_ours(machine, identity, record.as_ref()));
        if let Some(machine) = ours.pop() {
            return Ok(Search::Found(Box::new(machine)));
        }
        if let Some(label) = searched.unreadable.iter().find(|label| may_be_ours(label, record.as_ref())) {
            return Err(unreadable(label));
        }
        let copies: Vec<String> = copies.into_iter().map(|copy| copy.name).collect();
        if !copies.is_empty() {
            tracing::warn!(
                identity = identity.marker,
                ?copies,
                "copies carry the marker of a machine; they are left alone"
            );
        }
        Ok(Search::Absent { copies })
    }

    /// Writes down which object the machine is.
    pub async fn note(
        &self,
        identity: &Identity,
        record: Option<&Record>,
        machine: &Machine,
        stage: Stage,
    ) -> Result<(), Failure> {
        let seen = self.record_of(machine, stage).await?;
        if record == Some(&seen) {
            return Ok(());
        }
        self.save(identity, &seen).await
    }

    async fn look(&self, identity: &Identity, record: Option<&Record>) -> Result<Option<Machine>, Failure> {
        let session = &self.vcenter.session;
        let is_same = match record {
            Some(record) => self.vcenter.instance_uuid().await? == record.vcenter,
            None => true,
        };
        let last = record.filter(|_| is_same).and_then(|record| record.object.clone());
        let mut objects = find::by_instance_uuid(session, identity.instance_uuid).await.map_err(read)?;
        if let Some(last) = last.filter(|last| !objects.contains(last)) {
            objects.insert(0, last);
        }
        let mut machines = Vec::new();
        for object in objects {
            machines.extend(machine::read(session, &object).await.map_err(read)?);
        }
        // Another vCenter that has the machine is the one to which it was moved.
        let found = choose(machines, identity, record.filter(|_| is_same))?;
        match record {
            Some(record) if found.is_none() && !is_same && may_be_elsewhere(record) => Err(other_vcenter(record)),
            _ => Ok(found),
        }
    }
}

/// Could the vCenter of the record have the machine?
fn may_be_elsewhere(record: &Record) -> bool {
    matches!(record.stage, Stage::Creating | Stage::Present | Stage::Removing)
}

/// Ours among the candidates: the object that was seen last before any other.
fn choose(machines: Vec<Machine>, identity: &Identity, record: Option<&Record>) -> Result<Option<Machine>, Failure> {
    let is_known = |m: &&Machine| is_last(m, record) && (m.config.is_none() || m.is_marked(&identity.marker));
    if let Some(machine) = machines.iter().find(is_known) {
        return Ok(Some(machine.clone()));
    }
    if was_removed(record) {
        return Ok(None);
    }
    let ours: Vec<&Machine> = machines.iter().filter(|m| is_ours(m, identity, record)).collect();
    let removing = record.is_some_and(|record| record.stage == Stage::Removing);
    match (ours.as_slice(), machines.iter().find(|m| m.config.is_none())) {
        // The object that this host asked vCenter to remove is gone, and another one took its place.
        ([_, ..], _) if removing => Err(duplicates(&ours)),
        ([machine], _) => Ok(Some((*machine).clone())),
        ([], Some(unreadable)) => Err(unreachable(unreadable)),
        ([], None) if machines.iter().any(|m| has_uuid(m, identity)) => Err(unmarked(&machines)),
        ([], None) => Ok(None),
        (several, _) => Err(duplicates(several)),
    }
}

fn is_last(machine: &Machine, record: Option<&Record>) -> bool {
    record.is_some_and(|record| record.object.as_ref() == Some(&machine.object))
}

/// Another object with our UUID is our machine, registered again, unless this host removed ours: then it is a replica.
fn is_ours(machine: &Machine, identity: &Identity, record: Option<&Record>) -> bool {
    let may_be_other = !was_removed(record) || is_last(machine, record);
    may_be_other && machine.is(&identity.marker, identity.instance_uuid)
}

fn was_removed(record: Option<&Record>) -> bool {
    record.is_some_and(|record| record.stage == Stage::Removed)
}

/// Can a machine that cannot be read be the one that is looked for? Its name tells, where both are known. Without a
/// record no clone was ever sent, unless the database was restored, so that nothing is excluded.
fn may_be_ours(label: &Label, record: Option<&Record>) -> bool {
    match (record, &label.name) {
        (Some(record), Some(name)) => *name == record.name,
        (Some(record), None) => record.object.is_none(),
        (None, _) => true,
    }
}

fn unreadable(label: &Label) -> Failure {
    let name = label.name.as_deref().unwrap_or(&label.object.value);
    failure::new(
        Class::Transient,
        "vm-unreadable",
        format!("{name} in the connection's folder cannot be read. It may be the machine."),
    )
    .give_up_after(UNREACHABLE_FOR)
}

fn other_vcenter(record: &Record) -> Failure {
    failure::new(
        Class::Configuration,
        "other-vcenter",
        format!(
            "{} is in another vCenter than the one at the connection's address. Set the connection to the vCenter that \
             has the machine.",
            record.name
        ),
    )
}

fn has_uuid(machine: &Machine, identity: &Identity) -> bool {
    machine.config.as_ref().is_some_and(|config| config.instance_uuid == Some(identity.instance_uuid))
}

/// The configuration of a machine that can be worked with: reachable, readable, and no template.
pub fn usable(machine: &Machine) -> Result<&Config, Failure> {
    let config = machine.config.as_ref().filter(|_| machine.reach == Reach::Connected);
    let config = config.ok_or_else(|| unreachable(machine))?;
    if config.template {
        return Err(failure::new(
            Class::Conflict,
            "vm-is-template",
            format!(
                "{} is a template in vCenter now. Convert it to a virtual machine there, then repeat.",
                machine.name
            ),
        ));
    }
    Ok(config)
}

/// Only a connected machine's present state is known to vCenter.
pub fn unreachable(machine: &Machine) -> Failure {
    let Machine { name, reach, .. } = machine;
    match reach {
        Reach::Orphaned | Reach::Invalid => failure::new(
            Class::Conflict,
            "vm-orphaned",
            format!(
                "{name} is listed in vCenter as {}: its host or its files are gone. Register or remove it in vCenter.",
                reach.as_str()
            ),
        ),
        Reach::Connected | Reach::Disconnected | Reach::Inaccessible => failure::new(
            Class::Transient,
            "vm-unreadable",
            format!("vCenter cannot read {name} at the moment ({}). Its host or its storage is away.", reach.as_str()),
        )
        .give_up_after(UNREACHABLE_FOR),
    }
}

fn missing(identity: &Identity) -> Failure {
    failure::new(
        Class::NotFound,
        "vm-missing",
        format!("The virtual machine with instance UUID {} is not in vCenter.", identity.instance_uuid),
    )
}

fn unmarked(machines: &[Machine]) -> Failure {
    failure::new(
        Class::Conflict,
        "vm-unmarked",
        format!(
            "{} has the machine's instance UUID but not its marker {}. An administrator has to look in vCenter whether \
             it is the machine.",
            names(machines.iter()),
            machine::MARKER
        ),
    )
}

fn duplicates(several: &[&Machine]) -> Failure {
    failure::new(
        Class::Conflict,
        "duplicate-vm",
        format!(
            "{} virtual machines carry the same instance UUID and marker: {}. An administrator must give the copies \
             another UUID or remove them.",
            several.len(),
            names(several.iter().copied())
        ),
    )
}

fn names<'a>(machines: impl Iterator<Item = &'a Machine>) -> String {
    machines.map(|machine| machine.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn read(error: super::client::Error) -> Failure {
    failure::of_read(&error)
}
