//! Record of a machine as a managed resource, from before its clone until after its removal.
//!
//! vCenter's search index omits machines that it cannot read or that the user may not see, so an
//! empty result proves nothing. The record has the last seen object and the vCenter of that object,
//! so that a call can read the object; the stage says whether this host removed a missing machine.

use super::client::MoRef;
use async_trait::async_trait;
use eaf_core::managed_resource::Key;
use serde::{Deserialize, Serialize};

/// Stored state of a machine. It outlives the process, so new fields need a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Instance UUID of the vCenter, since object ids are unique within one vCenter only.
    pub vcenter: String,
    pub stage: Stage,
    /// Plain name of the machine, as requested or last seen.
    pub name: String,
    /// Template of a clone in progress; none: no clone is in progress.
    #[serde(default)]
    pub template: Option<MoRef>,
    /// Task of a clone in progress; none until vCenter has accepted the clone.
    #[serde(default)]
    pub task: Option<MoRef>,
    /// Object of the machine; none until the machine was seen.
    #[serde(default)]
    pub object: Option<MoRef>,
}

impl Record {
    /// Record as it applies in another vCenter: ids have no meaning there, and after a removal a
    /// machine with the same UUID is a replica.
    pub fn in_other_vcenter(&self) -> Record {
        let stage = match self.stage {
            Stage::Removing => Stage::Removed,
            stage => stage,
        };
        Record { stage, template: None, task: None, object: None, ..self.clone() }
    }

    /// Whether the machine may be in the record's vCenter. A record that counts as removed
    /// externally is included, because the search that did not find the machine may be wrong.
    pub fn may_exist(&self) -> bool {
        matches!(self.stage, Stage::Creating | Stage::Removing) || self.removed_externally()
    }

    /// Whether a missing machine was removed by another party: it was seen before, and this host
    /// did not remove it.
    pub fn removed_externally(&self) -> bool {
        let is_seen = self.object.is_some() && matches!(self.stage, Stage::Planned | Stage::Creating);
        is_seen || self.stage == Stage::Present
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The machine was requested. No clone was sent, or each one was refused or failed.
    Planned,
    /// A clone was sent, and no machine was seen so far.
    Creating,
    Present,
    /// This host asked vCenter to remove the machine.
    Removing,
    /// The machine was removed by this host, or a person counted it as removed. The record stays,
    /// for repeated removals.
    Removed,
}

#[derive(Debug, thiserror::Error)]
#[error("the record of the machine could not be read or written")]
pub struct Error(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Store of records; a trait, so that tests need no database.
#[async_trait]
pub trait Records: Send + Sync {
    async fn load(&self, key: &Key) -> Result<Option<Record>, Error>;
    async fn save(&self, key: &Key, record: &Record) -> Result<(), Error>;
    /// Saves the record `now` if the stored record still equals `before`.
    async fn replace(&self, key: &Key, before: &Record, now: &Record) -> Result<(), Error>;
}
