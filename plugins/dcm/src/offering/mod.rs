//! Offerings. An offering is a template with limits and a price; people request machines by it.

pub mod define;
pub mod view;

use crate::request::event::By;
use eaf_sdk::{Event, Personal, Recorded, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

pub const CURRENCY: &str = "EUR";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OfferingDefined {
    pub key: String,
    pub name: String,
    /// Inventory path of the template in vCenter.
    pub template: String,
    pub image: String,
    pub cpu_min: u32,
    pub cpu_max: u32,
    pub memory_gb_min: u32,
    pub memory_gb_max: u32,
    /// Price of a machine per month without CPUs and memory, in integer cents.
    pub base_cents: i64,
    pub cpu_cents: i64,
    pub gb_cents: i64,
    pub currency: String,
    pub active: bool,
    /// Whether a request is fulfilled only when the machine has an address.
    #[serde(default = "yes")]
    pub await_address: bool,
    /// Actor id of the author; none in events that were recorded before this member existed.
    pub by_id: Option<String>,
    pub by_name: Option<Personal<By>>,
}

impl Event for OfferingDefined {
    const TYPE: &'static str = "offering-defined";
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Offering {
    pub defined: Option<OfferingDefined>,
}

impl State for Offering {
    type Event = crate::Event;
    const CATEGORY: &'static str = "offering";

    fn apply(&mut self, event: Self::Event, _: &Recorded) {
        if let crate::Event::OfferingDefined(defined) = event {
            self.defined = Some(defined);
        }
    }
}

impl OfferingDefined {
    pub fn cpus(&self) -> RangeInclusive<i64> {
        self.cpu_min.into()..=self.cpu_max.into()
    }

    pub fn memory_gb(&self) -> RangeInclusive<i64> {
        self.memory_gb_min.into()..=self.memory_gb_max.into()
    }

    /// Compares the values of two definitions, but not the authors.
    pub fn equals_without_author(&self, other: &OfferingDefined) -> bool {
        let anonymous = |defined: &OfferingDefined| OfferingDefined { by_id: None, by_name: None, ..defined.clone() };
        anonymous(self) == anonymous(other)
    }

    pub fn monthly_cents(&self, cpus: u32, memory_gb: u32) -> i64 {
        self.base_cents + self.cpu_cents * i64::from(cpus) + self.gb_cents * i64::from(memory_gb)
    }
}

/// Default value `true` of a member that older stored events lack.
pub(crate) fn yes() -> bool {
    true
}

/// Pattern of the offering keys that [`is_key`] accepts, for forms and clients. A key is part of a
/// stream name.
pub const PATTERN: &str = "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$";

pub fn is_key(key: &str) -> bool {
    (1..=40).contains(&key.len())
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && key.starts_with(|c: char| c.is_ascii_lowercase())
        && !key.ends_with('-')
}

pub fn stream(key: &str) -> String {
    format!("offering/{key}")
}
