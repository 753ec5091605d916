//! Policy documents: to which changes a policy applies, which of them need no approval, and the
//! stages of the others.
//!
//! A document is read by [`Policy::read`](super::read) with all of its errors. Stored documents
//! are deserialised without these rules, so that stricter rules leave old events readable.

use super::condition::Condition;
use super::fact::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Policy {
    pub applies_to: AppliesTo,
    /// Automatic rules. The first rule whose condition holds approves the change without people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auto_approve: Vec<AutoRule>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
    /// Whether the end of a deadline may approve a stage, although no person has decided.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_timeout_approval: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppliesTo {
    pub kinds: BTreeSet<Kind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AutoRule {
    pub key: String,
    pub name: Names,
    pub when: Condition,
}

/// Name in each language of the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Names {
    pub de: String,
    pub en: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stage {
    pub key: String,
    pub name: Names,
    /// Keys of the stages that must pass before this stage opens. Stages that need not wait for
    /// each other are open at the same time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// Condition under which the stage is part of the plan; `None`: the stage is always part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    pub approvers: Vec<Approver>,
    pub needs: Needs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
}

/// Reference to people, which the host resolves to actor ids when an approval needs them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Approver {
    /// Members of the group with this key.
    Group(String),
    /// Holders of this permission of the product. The name is without the product's prefix.
    Permission(String),
    ManagerOf(Whose),
    /// Person with this actor id.
    Actor(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    Requester,
}

/// Number of approvals with which a stage passes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    #[default]
    Any,
    /// All people who have a seat in one level of the stage, and at least one person.
    All,
    /// Quorum: at least this number of people.
    AtLeast(u32),
}

/// Deadline of a stage, in business hours from the opening of the stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deadline {
    pub hours: u32,
    /// Numbers of business hours after which the people are reminded, each less than `hours`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remind_after: Vec<u32>,
    /// Steps after the first `hours`, one after the other. Each step has hours of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalate: Vec<Escalation>,
    /// Consequence when the last step is over.
    pub finally: Finally,
}

/// Step of a deadline. At the beginning of the step other people, `to`, are asked, who may decide
/// as well. The step lasts `hours` business hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Escalation {
    pub to: Approver,
    pub hours: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finally {
    /// The approval ends without a decision.
    Expire,
    /// The stage passes without a decision.
    Approve,
}

impl Names {
    /// Name in a language, `de` or `en`. Any other language gives the English name.
    pub fn in_language(&self, language: &str) -> &str {
        if language == "de" { &self.de } else { &self.en }
    }
}

impl Policy {
    /// Number of comparisons in `applies_to.when`. Of several policies that apply to a change,
    /// those with the highest number count.
    pub fn specificity(&self) -> usize {
        self.applies_to.when.as_ref().map_or(0, Condition::comparisons)
    }
}
