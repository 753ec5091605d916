//! What this host remembers of a machine, from before it is cloned until it is removed.
//!
//! vCenter's search index leaves out machines that it cannot read or that the user may not see, so an empty answer
//! proves nothing. With the object that was seen last, and the vCenter that it belongs to, a call asks for that very
//! object; and the stage says whether a machine that is gone was removed by this host.

use super::client::MoRef;
use async_trait::async_trait;
use eaf_core::managed_resource::Key;
use serde::{Deserialize, Serialize};

/// Stored records outlive the process: add members only with a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// `about.instanceUuid` of the vCenter: object ids are unique within one vCenter only.
    pub vcenter: String,
    pub stage: Stage,
    /// The name that was asked for or seen last, plain.
    pub name: String,
    /// The template of a clone under way.
    #[serde(default)]
    pub template: Option<MoRef>,
    /// The task of a clone under way, once vCenter has accepted it.
    #[serde(default)]
    pub task: Option<MoRef>,
    /// The machine, once it was seen.
    #[serde(default)]
    pub object: Option<MoRef>,
}

impl Record {
    /// What the record says in another vCenter: ids mean nothing there, and after a removal a machine with the same
    /// UUID is a replica.
    pub fn elsewhere(&self) -> Record {
        let stage = match self.stage {
            Stage::Removing => Stage::Removed,
            stage => stage,
        };
        Record { stage, template: None, task: None, object: None, ..self.clone() }
    }

    /// Could the vCenter of the record have the machine? Also where another one was planned after it was not found.
    pub fn may_have_machine(&self) -> bool {
        matches!(self.stage, Stage::Creating | Stage::Removing) || self.went_by_itself()
    }

    /// Where the machine is not found: was it seen, and not removed by this host?
    pub fn went_by_itself(&self) -> bool {
        let is_seen = self.object.is_some() && matches!(self.stage, Stage::Planned | Stage::Creating);
        is_seen || self.stage == Stage::Present
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// A machine is wanted. No clone was sent, or each one was refused or failed.
    Planned,
    /// A clone was sent; no machine was seen yet.
    Creating,
    Present,
    /// This host asked vCenter to remove the machine.
    Removing,
    /// Removed by this host, or counted as removed by a person. The record stays, so that a repeated removal knows it.
    Removed,
}

#[derive(Debug, thiserror::Error)]
#[error("the record of the machine could not be read or written")]
pub struct Error(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Where records are stored. A seam, so that this capability can be tested without a database.
#[async_trait]
pub trait Records: Send + Sync {
    async fn load(&self, key: &Key) -> Result<Option<Record>, Error>;
    async fn save(&self, key: &Key, record: &Record) -> Result<(), Error>;
    /// Saves where the stored record still is `before`, and does nothing where it is not.
    async fn replace(&self, key: &Key, before: &Record, now: &Record) -> Result<(), Error>;
}
