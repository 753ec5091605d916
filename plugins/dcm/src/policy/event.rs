//! Events of policies. A policy is edited as a draft, published with a reason, and retired.

use super::document::{Names, Policy};
use crate::request::event::By;
use eaf_sdk::{Event, Personal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Draft of a policy, saved by an admin. The draft replaces the draft before it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PolicyDrafted {
    pub policy: String,
    pub name: Names,
    #[schemars(with = "Map<String, Value>")]
    pub document: Policy,
    /// Number of drafts of this policy so far, including this one.
    pub revision: u32,
    pub by_id: String,
    pub by_name: Personal<By>,
}

impl Event for PolicyDrafted {
    const TYPE: &'static str = "policy-drafted";
}

/// End of a draft: an admin published or discarded the draft.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PolicyDraftClosed {
    pub policy: String,
    pub revision: u32,
    /// Version as which the draft was published; `None`: the draft was discarded.
    pub version: Option<u32>,
    pub by_id: String,
    pub by_name: Personal<By>,
}

impl Event for PolicyDraftClosed {
    const TYPE: &'static str = "policy-draft-closed";
}

/// Publication of a version of a policy. The version applies to requests that are submitted later.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PolicyPublished {
    pub policy: String,
    pub name: Names,
    pub version: u32,
    #[schemars(with = "Map<String, Value>")]
    pub document: Policy,
    pub reason: Personal<By>,
    pub by_id: String,
    pub by_name: Personal<By>,
}

impl Event for PolicyPublished {
    const TYPE: &'static str = "policy-published";
}

/// End of a policy's validity for requests that are submitted later.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PolicyRetired {
    pub policy: String,
    pub name: Names,
    /// Last version that was published.
    pub version: u32,
    pub reason: Personal<By>,
    pub by_id: String,
    pub by_name: Personal<By>,
}

impl Event for PolicyRetired {
    const TYPE: &'static str = "policy-retired";
}
