//! Search for the machine that a call names, and proof that it is absent.
//!
//! A machine belongs to an identity if its instance UUID and its marker match, or if it is the last
//! seen object and has the marker. A copy that a person or a backup product made has the marker and
//! another UUID; copies are reported and never changed.
//!
//! An unreadable object proves nothing. A machine therefore counts as absent only after vCenter was
//! asked for the UUID, for the last seen object and, in the whole folder, for the marker.

use super::client::machine::{self, Config, Label, Machine, Reach};
use super::client::{find, tree};
use super::context::Context;
use super::failure;
use super::identity::Identity;
use super::record::{Record, Stage};
use crate::failure::Code;
use eaf_capability::{Class, Failure};
use std::time::Duration;

/// Retry budget of a machine that vCenter cannot reach. An ESXi host restarts and storage returns
/// within minutes; after this time a person must act.
const UNREACHABLE_FOR: Duration = Duration::from_secs(30 * 60);

/// Result of a search of the whole folder for a machine that vCenter's index does not list.
pub enum Search {
    Found(Box<Machine>),
    /// The machine is proved absent. `copies` are the names of other machines that have its marker;
    /// they are not changed.
    Absent {
        copies: Vec<String>,
    },
}

impl Context<'_> {
    /// Finds the machine and updates its record. `None` if vCenter does not list the machine, which
    /// does not prove that it is absent.
    ///
    /// The record is not updated while the recorded machine may be in another vCenter, because the
    /// machine that was found here may be a replica.
    pub async fn locate(&self, identity: &Identity) -> Result<Option<Machine>, Failure> {
        let record = self.record(identity).await?;
        let is_here = self.is_here_or_new(record.as_ref()).await?;
        let found = self.find(identity, record.as_ref(), is_here).await?;
        let is_certain = is_here || !record.as_ref().is_some_and(Record::may_exist);
        if let Some(machine) = found.as_ref().filter(|machine| machine.config.is_some() && is_certain) {
            let stage = match &record {
                Some(Record { stage: stage @ (Stage::Removing | Stage::Removed), .. }) => *stage,
                _ => Stage::Present,
            };
            self.update_record(identity, record.as_ref(), machine, stage).await?;
        }
        Ok(found)
    }

    /// Finds a machine, and fails unless it exists and is usable. The machine is recorded as
    /// present: a call that needs the machine comes only after any earlier removal has ended.
    pub async fn require(&self, identity: &Identity) -> Result<Machine, Failure> {
        let machine = self.locate(identity).await?.ok_or_else(|| missing(identity))?;
        self.check_vcenter(identity, &machine).await?;
        usable(&machine)?;
        self.set_stage(identity, Stage::Present).await?;
        Ok(machine)
    }

    /// Fails if the recorded machine may be in another vCenter. Only a person can decide whether
    /// `found` is that machine, moved here, or a replica, so the failure names it and nothing is
    /// changed.
    pub async fn check_vcenter(&self, identity: &Identity, found: &Machine) -> Result<(), Failure> {
        match self.record(identity).await? {
            Some(record) if record.may_exist() && !self.is_here(&record).await? => Err(in_both(&record, found)),
            _ => Ok(()),
        }
    }

    /// Searches the connection's whole folder for the marker of a machine that
    /// [`locate`](Self::locate) did not find.
    pub async fn search(&self, identity: &Identity) -> Result<Search, Failure> {
        let record = self.record(identity).await?;
        let is_here = self.is_here_or_new(record.as_ref()).await?;
        let record = if is_here { record } else { record.as_ref().map(Record::in_other_vcenter) };
        let searched = self.search_folder(&[&identity.marker]).await?;
        find_in_search(&searched, identity, record.as_ref())
    }

    /// Searches the connection's whole folder for machines with one of the markers.
    /// [`find_in_search`] then reads the result for one machine.
    pub async fn search_folder(&self, markers: &[&str]) -> Result<tree::Search, Failure> {
        let vcenter = &self.vcenter;
        let root = vcenter.root_place().await?;
        let searched = tree::search(&vcenter.session, &root.folder, markers).await.map_err(read)?;
        searched.ok_or_else(|| vcenter.folder_missing(""))
    }

    /// Writes the machine's present object and name, and the stage `stage`, into its record.
    pub async fn update_record(
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

    /// Finds the machine that vCenter lists for the identity, without changing the record. `None`
    /// if vCenter does not list it.
    pub async fn find(
        &self,
        identity: &Identity,
        record: Option<&Record>,
        is_here: bool,
    ) -> Result<Option<Machine>, Failure> {
        let session = &self.vcenter.session;
        let known = if is_here { record.cloned() } else { record.map(Record::in_other_vcenter) };
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
            Some(record) if found.is_none() && !is_here && record.may_exist() => Err(other_vcenter(record)),
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

/// Reads from the result of a folder search whether one machine was found or is absent.
pub fn find_in_search(
    searched: &tree::Search,
    identity: &Identity,
    record: Option<&Record>,
) -> Result<Search, Failure> {
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

/// Chooses the machine of an identity among several candidates, preferably the last seen object.
/// `None` if no candidate belongs to the identity.
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
        // The object that this host asked vCenter to remove is gone, and another object with the
        // same identity has appeared.
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

/// Whether a machine belongs to an identity. Another object with the identity's instance UUID is
/// the same machine, registered again. After this host removed the machine, such an object is a
/// replica and does not belong to the identity.
pub fn is_ours(machine: &Machine, identity: &Identity, record: Option<&Record>) -> bool {
    let may_be_other = !was_removed(record) || is_last(machine, record);
    may_be_other && machine.is(&identity.marker, identity.instance_uuid)
}

fn was_removed(record: Option<&Record>) -> bool {
    record.is_some_and(|record| record.stage == Stage::Removed)
}

/// Whether a machine with an unreadable configuration may be the machine of the record: it must
/// have the record's name or, if its name is unreadable, the record's object id. Without a record
/// every machine may be it, because the database may have been restored to a time before the clone.
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
        Code::VmUnreadable,
        format!("{name} in the connection's folder cannot be read. It may be the machine."),
    )
    .give_up_after(UNREACHABLE_FOR)
}

fn other_vcenter(record: &Record) -> Failure {
    failure::new(
        Class::Configuration,
        Code::OtherVcenter,
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
        Code::OtherVcenter,
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

/// Configuration of a machine. Fails unless the machine is usable: connected, readable and not a
/// template.
pub fn usable(machine: &Machine) -> Result<&Config, Failure> {
    let config = machine.config.as_ref().filter(|_| machine.reach == Reach::Connected);
    let config = config.ok_or_else(|| unreachable(machine))?;
    if config.template {
        return Err(failure::new(
            Class::Conflict,
            Code::VmIsTemplate,
            format!(
                "{} is a template in vCenter now. Convert it to a virtual machine there, then repeat.",
                machine.name
            ),
        ));
    }
    Ok(config)
}

/// Failure of a machine that is not connected in vCenter. Such a machine cannot be used, because
/// vCenter does not know its present state.
pub fn unreachable(machine: &Machine) -> Failure {
    let Machine { name, reach, .. } = machine;
    match reach {
        Reach::Orphaned | Reach::Invalid => failure::new(
            Class::Conflict,
            Code::VmOrphaned,
            format!(
                "{name} is listed in vCenter as {}: its host or its files are gone. Register or remove it in vCenter.",
                reach.as_str()
            ),
        ),
        Reach::Connected | Reach::Disconnected | Reach::Inaccessible => failure::new(
            Class::Transient,
            Code::VmUnreadable,
            format!("vCenter cannot read {name} at the moment ({}). Its host or its storage is away.", reach.as_str()),
        )
        .give_up_after(UNREACHABLE_FOR),
    }
}

fn missing(identity: &Identity) -> Failure {
    failure::new(
        Class::NotFound,
        Code::VmMissing,
        format!("The virtual machine with instance UUID {} is not in vCenter.", identity.instance_uuid),
    )
}

fn unmarked(machines: &[Machine]) -> Failure {
    failure::new(
        Class::Conflict,
        Code::VmUnmarked,
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
        Code::DuplicateVm,
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
