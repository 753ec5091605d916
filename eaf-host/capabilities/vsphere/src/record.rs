//! Record of a machine, stored as a managed resource from before its clone until after its removal.
//!
//! vCenter's search index omits machines that vCenter cannot read or that the user may not see, so
//! finding nothing proves nothing. The record therefore contains the last seen object and its
//! vCenter, so that a call can read that object directly. The stage says whether this host removed
//! the machine.

use super::client::MoRef;
use async_trait::async_trait;
use eaf_core::managed_resource::Key;
use serde::{Deserialize, Serialize};

/// Stored data of a machine. It outlives the process, so a new field needs a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Instance UUID of the vCenter in which the machine is, because object ids are unique within
    /// one vCenter only.
    pub vcenter: String,
    pub stage: Stage,
    /// Name of the machine without vCenter's escapes, as requested or as last seen.
    pub name: String,
    /// Template from which the machine is being cloned; `None` if no clone is in progress.
    #[serde(default)]
    pub template: Option<MoRef>,
    /// vCenter task of the clone in progress; `None` until vCenter has accepted the clone.
    #[serde(default)]
    pub task: Option<MoRef>,
    /// vCenter object of the machine; `None` until the machine was seen.
    #[serde(default)]
    pub object: Option<MoRef>,
}

impl Record {
    /// Copy of this record for use with another vCenter. Object ids have no meaning there; after a
    /// removal, a machine with the same instance UUID is a replica there.
    pub fn in_other_vcenter(&self) -> Record {
        let stage = match self.stage {
            Stage::Removing => Stage::Removed,
            stage => stage,
        };
        Record { stage, template: None, task: None, object: None, ..self.clone() }
    }

    /// Whether the machine may still be in the record's vCenter. True also if the machine counts as
    /// removed by another party, because the search that did not find it may be wrong.
    pub fn may_exist(&self) -> bool {
        matches!(self.stage, Stage::Creating | Stage::Removing) || self.removed_externally()
    }

    /// Whether a machine that vCenter does not list was removed by another party: it was seen
    /// before, and this host did not remove it.
    pub fn removed_externally(&self) -> bool {
        let is_seen = self.object.is_some() && matches!(self.stage, Stage::Planned | Stage::Creating);
        is_seen || self.stage == Stage::Present
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The machine was requested, and no clone of it is in progress: none was sent, or each clone
    /// that was sent was refused or failed.
    Planned,
    /// A clone of the machine was sent, and the machine was not seen so far.
    Creating,
    Present,
    /// This host has asked vCenter to remove the machine.
    Removing,
    /// This host removed the machine, or a person confirmed that it is gone. The record stays, so
    /// that a repeated removal finds it.
    Removed,
}

#[derive(Debug, thiserror::Error)]
#[error("the record of the machine could not be read or written")]
pub struct Error(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Store of the machines' records. It is a trait, so that tests need no database.
#[async_trait]
pub trait Records: Send + Sync {
    async fn load(&self, key: &Key) -> Result<Option<Record>, Error>;
    async fn save(&self, key: &Key, record: &Record) -> Result<(), Error>;
    /// Replaces the stored record by `now`. Does nothing if the stored record no longer equals
    /// `before`.
    async fn replace(&self, key: &Key, before: &Record, now: &Record) -> Result<(), Error>;
}
