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
use eaf_capability::{Class, Failure};
use std::time::Duration;

/// A host that restarts, or storage that comes back, needs minutes; after this a person has to look.
const UNREACHABLE_FOR: Duration = Duration::from_secs(30 * 60);

/// The code of failures where the record is of another vCenter than the one that answers.
pub const OTHER_VCENTER: &str = "other-vcenter";

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
    ///
    /// The record of a machine that may be in another vCenter stays: the one that is found here may be a replica.
    pub async fn locate(&self, identity: &Identity) -> Result<Option<Machine>, Failure> {
        let record = self.record(identity).await?;
        let is_here = self.is_here_or_new(record.as_ref()).await?;
        let found = self.look(identity, record.as_ref(), is_here).await?;
        let is_certain = is_here || !record.as_ref().is_some_and(Record::may_have_machine);
        if let Some(machine) = found.as_ref().filter(|machine| machine.config.is_some() && is_certain) {
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
        self.check_vcenter(identity, &machine).await?;
        usable(&machine)?;
        self.enter(identity, Stage::Present).await?;
        Ok(machine)
    }

    /// Fails when the machine that was found here may stand in another vCenter. This one is the machine, moved, or a
    /// replica of it, which only a person can tell; so it is shown and not worked with.
    pub async fn check_vcenter(&self, identity: &Identity, found: &Machine) -> Result<(), Failure> {
        match self.record(identity).await? {
            Some(record) if record.may_have_machine() && !self.is_here(&record).await? => Err(in_both(&record, found)),
            _ => Ok(()),
        }
    }

    /// For a machine that [`locate`](Self::locate) did not find: looks for its marker in the connection's whole folder.
    pub async fn search(&self, identity: &Identity) -> Result<Search, Failure> {
        let record = self.record(identity).await?;
        let is_here = self.is_here_or_new(record.as_ref()).await?;
        let record = if is_here { record } else { record.as_ref().map(Record::elsewhere) };
        let searched = self.search_folder(&[&identity.marker]).await?;
        judge(&searched, identity, record.as_ref())
    }

    /// Looks for the markers of several machines in the connection's whole folder; [`judge`] says what it means for one.
    pub async fn search_folder(&self, markers: &[&str]) -> Result<tree::Search, Failure> {
        let vcenter = &self.vcenter;
        let root = vcenter.root_place().await?;
        let searched = tree::search(&vcenter.session, &root.folder, markers).await.map_err(read)?;
        searched.ok_or_else(|| vcenter.folder_missing(""))
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

    /// The machine as vCenter lists it, without a change of the record.
    pub async fn look(
        &self,
        identity: &Identity,
        record: Option<&Record>,
        is_here: bool,
    ) -> Result<Option<Machine>, Failure> {
        let session = &self.vcenter.session;
        let known = if is_here { record.cloned() } else { record.map(Record::elsewhere) };
        let last = known.as_ref().and_then(|record| record.object.clone());
        let mut objects = find::by_instance_uuid(session, identity.instance_uuid).await.map_err(read)?;
        if let Some(last) = last.filter(|last| !objects.contains(last)) {
            objects.insert(0, last);
        }
        let mut machines = Vec::new();
        for object in objects {
            machines.extend(machine::read(session, &object).await.map_err(read)?);
        }
        let found = choose(machines, identity, known.as_ref())?;
        match record {
            Some(record) if found.is_none() && !is_here && record.may_have_machine() => Err(other_vcenter(record)),
            _ => Ok(found),
        }
    }

    async fn is_here_or_new(&self, record: Option<&Record>) -> Result<bool, Failure> {
        match record {
            Some(record) => self.is_here(record).await,
            None => Ok(true),
        }
    }
}

/// What a search of the connection's folder says of one machine.
pub fn judge(searched: &tree::Search, identity: &Identity, record: Option<&Record>) -> Result<Search, Failure> {
    let marked = searched.marked.iter().filter(|machine| machine.is_marked(&identity.marker));
    let (ours, copies): (Vec<&Machine>, Vec<&Machine>) = marked.partition(|machine| is_ours(machine, identity, record));
    if let Some(machine) = ours.last() {
        return Ok(Search::Found(Box::new((*machine).clone())));
    }
    if let Some(label) = searched.unreadable.iter().find(|label| may_be_ours(label, record)) {
        return Err(unreadable(label));
    }
    let copies: Vec<String> = copies.into_iter().map(|copy| copy.name.clone()).collect();
    if !copies.is_empty() {
        tracing::warn!(
            identity = identity.marker,
            ?copies,
            "copies carry the marker of a machine; they are left alone"
        );
    }
    Ok(Search::Absent { copies })
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
pub fn is_ours(machine: &Machine, identity: &Identity, record: Option<&Record>) -> bool {
    let may_be_other = !was_removed(record) || is_last(machine, record);
    may_be_other && machine.is(&identity.marker, identity.instance_uuid)
}

fn was_removed(record: Option<&Record>) -> bool {
    record.is_some_and(|record| record.stage == Stage::Removed)
}

/// Can a machine that cannot be read be the one that is looked for? Its object or its name tells, where known. Without a
/// record no clone was ever sent, unless the database was restored, so that nothing is excluded.
fn may_be_ours(label: &Label, record: Option<&Record>) -> bool {
    match (record, &label.name) {
        (Some(record), Some(name)) => *name == record.name,
        (Some(record), None) => record.object.as_ref().is_none_or(|object| *object == label.object),
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
        OTHER_VCENTER,
        format!(
            "{} is in another vCenter than the one at the connection's address. Set the connection to the vCenter that \
             has the machine.",
            record.name
        ),
    )
}

fn in_both(record: &Record, found: &Machine) -> Failure {
    failure::new(
        Class::Conflict,
        OTHER_VCENTER,
        format!(
            "{} was in another vCenter than the one at the connection's address. Here {} has its instance UUID and \
             marker: a replica, or the machine itself after a move. It is left alone. Set the connection to the vCenter \
             that has the machine.",
            record.name, found.name
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
