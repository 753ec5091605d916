//! States of policies: the draft of one policy, and all published policies of the tenant.
//!
//! The published policies have one stream, because each submission of a request reads all of them.
//! Each draft has a stream of its own, so that drafts do not make that read slower.

use super::document::{Names, Policy};
use super::plan::Published;
use crate::Event;
use eaf_sdk::{Recorded, State};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Stream of the published policies.
pub const PUBLISHED: &str = "policies/published";

/// Stream of a policy's drafts.
pub fn stream(policy: &str) -> String {
    format!("policy/{policy}")
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Drafts {
    /// Number of drafts so far. It also counts drafts that were published or discarded.
    pub revision: u32,
    /// Last version that was published; 0: the policy was never published.
    pub version: u32,
    pub open: Option<Draft>,
}

impl Drafts {
    /// Revision that the view shows. 0 if the view has no row, because the policy has neither a
    /// draft nor a published version.
    pub fn shown(&self) -> u32 {
        if self.open.is_none() && self.version == 0 { 0 } else { self.revision }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub name: Names,
    pub document: Policy,
}

impl State for Drafts {
    type Event = Event;
    const CATEGORY: &'static str = "policy";

    fn apply(&mut self, event: Event, _: &Recorded) {
        match event {
            Event::PolicyDrafted(e) => {
                self.revision = e.revision;
                self.open = Some(Draft { name: e.name, document: e.document });
            }
            Event::PolicyDraftClosed(e) => {
                self.version = e.version.unwrap_or(self.version);
                self.open = None;
            }
            _ => {}
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Policies {
    /// Names of the policies that are published at present, by key.
    pub names: BTreeMap<String, Names>,
    /// Policies that are published at present, in the order of their keys.
    pub published: Vec<Published>,
}

impl Policies {
    /// Finds a published policy, with its name.
    pub fn find(&self, policy: &str) -> Option<(&Published, &Names)> {
        let published = self.published.iter().find(|published| published.key == policy)?;
        Some((published, self.names.get(policy)?))
    }
}

impl State for Policies {
    type Event = Event;
    const CATEGORY: &'static str = "policies";

    fn apply(&mut self, event: Event, _: &Recorded) {
        match event {
            Event::PolicyPublished(e) => {
                self.names.insert(e.policy.clone(), e.name);
                self.published.retain(|published| published.key != e.policy);
                self.published.push(Published { key: e.policy, version: e.version, policy: e.document });
                self.published.sort_by(|a, b| a.key.cmp(&b.key));
            }
            Event::PolicyRetired(e) => {
                self.names.remove(&e.policy);
                self.published.retain(|published| published.key != e.policy);
            }
            _ => {}
        }
    }
}
