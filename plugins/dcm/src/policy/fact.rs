//! Facts of a change request, to which the conditions of a policy refer.
//!
//! The facts are a flat map of known types, so that a condition is checked when the policy is
//! written and explained when the policy applies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Kind of a change that people may request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    #[default]
    #[serde(rename = "vm.create")]
    VmCreate,
    #[serde(rename = "vm.decommission")]
    VmDecommission,
}

impl Kind {
    pub const ALL: &'static [Kind] = &[Kind::VmCreate, Kind::VmDecommission];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::VmCreate => "vm.create",
            Kind::VmDecommission => "vm.decommission",
        }
    }

    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// Name of a fact in documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    Kind,
    Cpus,
    MemoryGb,
    TermMonths,
    /// Number of machines of the order.
    Machines,
    MonthlyCents,
    TotalCents,
    Offering,
    RequesterGroups,
    CostCentre,
    /// Day of the week: 1 (Monday) to 7 (Sunday), as in ISO 8601.
    Weekday,
    /// Hour of the day: 0 to 23.
    Hour,
}

/// Type of a fact, which decides the operators and values that a condition may use with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactType {
    Number,
    Text,
    Set,
}

impl Fact {
    pub const ALL: &'static [Fact] = &[
        Fact::Kind,
        Fact::Cpus,
        Fact::MemoryGb,
        Fact::TermMonths,
        Fact::Machines,
        Fact::MonthlyCents,
        Fact::TotalCents,
        Fact::Offering,
        Fact::RequesterGroups,
        Fact::CostCentre,
        Fact::Weekday,
        Fact::Hour,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Fact::Kind => "kind",
            Fact::Cpus => "cpus",
            Fact::MemoryGb => "memory_gb",
            Fact::TermMonths => "term_months",
            Fact::Machines => "machines",
            Fact::MonthlyCents => "monthly_cents",
            Fact::TotalCents => "total_cents",
            Fact::Offering => "offering",
            Fact::RequesterGroups => "requester_groups",
            Fact::CostCentre => "cost_centre",
            Fact::Weekday => "weekday",
            Fact::Hour => "hour",
        }
    }

    pub fn from_name(name: &str) -> Option<Fact> {
        Fact::ALL.iter().copied().find(|fact| fact.as_str() == name)
    }

    pub fn fact_type(self) -> FactType {
        match self {
            Fact::Kind | Fact::Offering | Fact::CostCentre => FactType::Text,
            Fact::RequesterGroups => FactType::Set,
            _ => FactType::Number,
        }
    }
}

/// Value of a fact. Reasons show it to explain why a condition holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FactValue {
    Number(i64),
    Text(String),
    Set(BTreeSet<String>),
}

/// Facts of one change request, at the time of its submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    pub kind: Kind,
    pub cpus: u32,
    pub memory_gb: u32,
    pub term_months: u32,
    /// Number of machines that are requested together, this one included.
    #[serde(default = "one")]
    pub machines: u32,
    /// Cost per month of all these machines, in integer cents.
    pub monthly_cents: i64,
    /// Cost of all these machines over the whole term, in integer cents.
    pub total_cents: i64,
    /// Key of the offering.
    pub offering: String,
    /// Keys of the groups to which the requester belongs.
    pub requester_groups: BTreeSet<String>,
    /// Cost centre of the request; empty if the request has no cost centre.
    pub cost_centre: String,
    /// Time of the submission, in milliseconds since 1970.
    pub at: i64,
    /// Day of the week in the tenant's time zone: 1 (Monday) to 7 (Sunday).
    pub weekday: u8,
    /// Hour of the day in the tenant's time zone: 0 to 23.
    pub hour: u8,
}

/// Number of machines of a request that was planned before there were orders.
fn one() -> u32 {
    1
}

impl Facts {
    pub fn value(&self, fact: Fact) -> FactValue {
        match fact {
            Fact::Kind => FactValue::Text(self.kind.as_str().into()),
            Fact::Cpus => FactValue::Number(self.cpus.into()),
            Fact::MemoryGb => FactValue::Number(self.memory_gb.into()),
            Fact::TermMonths => FactValue::Number(self.term_months.into()),
            Fact::Machines => FactValue::Number(self.machines.into()),
            Fact::MonthlyCents => FactValue::Number(self.monthly_cents),
            Fact::TotalCents => FactValue::Number(self.total_cents),
            Fact::Offering => FactValue::Text(self.offering.clone()),
            Fact::RequesterGroups => FactValue::Set(self.requester_groups.clone()),
            Fact::CostCentre => FactValue::Text(self.cost_centre.clone()),
            Fact::Weekday => FactValue::Number(self.weekday.into()),
            Fact::Hour => FactValue::Number(self.hour.into()),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    /// Facts of a machine of 4 CPUs and 16 GB for 612 € a month, on a Wednesday at 10.
    pub(crate) fn facts() -> Facts {
        Facts {
            kind: Kind::VmCreate,
            cpus: 4,
            memory_gb: 16,
            term_months: 12,
            machines: 1,
            monthly_cents: 61_200,
            total_cents: 734_400,
            offering: "ubuntu".into(),
            requester_groups: BTreeSet::from(["dev".into()]),
            cost_centre: "4711".into(),
            at: 1_764_752_400_000,
            weekday: 3,
            hour: 10,
        }
    }

    #[test]
    fn names_of_facts_and_kinds_are_those_of_their_documents() {
        for fact in Fact::ALL {
            assert_eq!(json!(fact), json!(fact.as_str()));
            assert_eq!(Fact::from_name(fact.as_str()), Some(*fact));
        }
        for kind in Kind::ALL {
            assert_eq!(json!(kind), json!(kind.as_str()));
        }
        assert_eq!(Fact::from_name("disk"), None);
    }

    #[test]
    fn a_value_has_the_type_of_its_fact() {
        for fact in Fact::ALL {
            let fits = match (fact.fact_type(), facts().value(*fact)) {
                (FactType::Number, FactValue::Number(_))
                | (FactType::Text, FactValue::Text(_))
                | (FactType::Set, FactValue::Set(_)) => true,
                (_, _) => false,
            };
            assert!(fits, "{fact:?}");
        }
    }
}
