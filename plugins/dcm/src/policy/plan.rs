//! The plan of an approval: what the published policies ask of one change.
//!
//! - Of the policies that apply, the most specific one counts: the one whose `applies_to.when` has
//!   the most comparisons. A policy without `when` is the general case.
//! - Policies that are equally specific add up: the plan has the stages of all of them, so that it
//!   never asks for fewer approvals than one of them alone.
//! - A rule approves without people only if each of these policies has such a rule.
//! - A plan without stages and without such a rule has one stage: any holder of `approve`.
//!
//! A plan is a snapshot with its reasons. Later versions of a policy do not affect it.

use super::condition::Reason;
use super::document::{Approver, AutoRule, Deadline, Names, Needs, Policy, Stage};
use super::fact::Facts;
use crate::permission::APPROVE;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Key of the default stage, which a plan has if no policy asks for a stage.
pub const DEFAULT_STAGE: &str = "approval";

/// Published version of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Published {
    pub key: String,
    pub version: u32,
    pub policy: Policy,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// Most specific policies that apply to the change, in the order of their keys; empty: no
    /// policy applies.
    pub policies: Vec<Applied>,
    /// Automatic rules that approved the change, one per policy; empty if the change needs people.
    pub auto: Vec<AutoApproval>,
    /// Stages of the plan; empty only for a change that needs no people.
    pub stages: Vec<PlannedStage>,
}

/// Policy that counts for a change, and the comparisons by which the policy applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Applied {
    pub policy: String,
    pub version: u32,
    pub because: Vec<Reason>,
}

/// Automatic rule that approved a change without people, and the comparisons by which the rule
/// holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AutoApproval {
    pub policy: String,
    pub version: u32,
    pub rule: String,
    pub name: Names,
    pub because: Vec<Reason>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedStage {
    /// Key of the stage in the plan: the keys of policy and stage, joined by a dot.
    pub key: String,
    /// Key of the policy that asks for the stage; `None`: the default stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Names>,
    /// Comparisons that made the stage part of the plan; empty: the stage is always part of it.
    pub because: Vec<Reason>,
    /// Keys of the plan's stages that must pass before this stage opens.
    pub after: Vec<String>,
    pub approvers: Vec<Approver>,
    pub needs: Needs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
}

impl PlannedStage {
    /// Creates the default stage, for a plan for which no policy asks for a stage.
    pub fn default_stage() -> Self {
        PlannedStage {
            key: DEFAULT_STAGE.into(),
            policy: None,
            name: None,
            because: Vec::new(),
            after: Vec::new(),
            approvers: vec![Approver::Permission(APPROVE.into())],
            needs: Needs::Any,
            deadline: None,
        }
    }
}

impl Plan {
    /// Minimum number of approvals that all stages of the plan need together.
    pub fn approvals_needed(&self) -> u64 {
        self.stages.iter().map(|stage| stage.needs.least()).sum()
    }
}

impl Needs {
    /// Minimum number of people who must approve before the stage passes.
    pub fn least(self) -> u64 {
        match self {
            Needs::Any | Needs::All => 1,
            Needs::AtLeast(count) => u64::from(count.max(1)),
        }
    }
}

/// Plans the approval of a change. Of several versions of a policy, the highest counts.
pub fn plan(policies: &[Published], facts: &Facts) -> Plan {
    let tied = most_specific(policies, facts);
    let auto: Option<Vec<AutoApproval>> = tied.iter().map(|(published, _)| auto_approval(published, facts)).collect();
    let auto = auto.unwrap_or_default();
    let mut stages = Vec::new();
    if auto.is_empty() {
        stages = tied.iter().flat_map(|(published, _)| planned(published, facts)).collect();
        if stages.is_empty() {
            stages.push(PlannedStage::default_stage());
        }
    }
    let applied = |(published, because): (&Published, Vec<Reason>)| Applied {
        policy: published.key.clone(),
        version: published.version,
        because,
    };
    Plan { policies: tied.into_iter().map(applied).collect(), auto, stages }
}

/// Most specific of the policies that apply to the change, in the order of their keys, each with
/// the comparisons by which it applies.
fn most_specific<'a>(policies: &'a [Published], facts: &Facts) -> Vec<(&'a Published, Vec<Reason>)> {
    let mut latest: BTreeMap<&str, &Published> = BTreeMap::new();
    for published in policies {
        let known = latest.entry(&published.key).or_insert(published);
        if known.version < published.version {
            *known = published;
        }
    }
    let applies = |published: &'a Published| {
        let applies_to = &published.policy.applies_to;
        if !applies_to.kinds.contains(&facts.kind) {
            return None;
        }
        let Some(when) = &applies_to.when else { return Some((published, Vec::new())) };
        let explained = when.explain(facts);
        explained.holds.then_some((published, explained.because))
    };
    let mut found: Vec<_> = latest.into_values().filter_map(applies).collect();
    let most = found.iter().map(|(published, _)| published.policy.specificity()).max();
    found.retain(|(published, _)| Some(published.policy.specificity()) == most);
    found
}

/// First automatic rule of the policy whose condition holds; `None`: no rule's condition holds.
fn auto_approval(published: &Published, facts: &Facts) -> Option<AutoApproval> {
    let holds = |rule: &AutoRule| {
        let explained = rule.when.explain(facts);
        explained.holds.then(|| AutoApproval {
            policy: published.key.clone(),
            version: published.version,
            rule: rule.key.clone(),
            name: rule.name.clone(),
            because: explained.because,
        })
    };
    published.policy.auto_approve.iter().find_map(holds)
}

/// Stages of the policy that become part of the plan: those without a condition, and those whose
/// condition holds.
fn planned(published: &Published, facts: &Facts) -> Vec<PlannedStage> {
    let stages = &published.policy.stages;
    let because = |stage: &Stage| match &stage.when {
        None => Some(Vec::new()),
        Some(when) => Some(when.explain(facts)).filter(|explained| explained.holds).map(|explained| explained.because),
    };
    let kept: Vec<(&Stage, Vec<Reason>)> = stages.iter().filter_map(|stage| Some((stage, because(stage)?))).collect();
    let keys: BTreeSet<&str> = kept.iter().map(|(stage, _)| stage.key.as_str()).collect();
    let in_plan = |key: &str| format!("{}.{key}", published.key);
    let stage = |(stage, because): (&Stage, Vec<Reason>)| PlannedStage {
        key: in_plan(&stage.key),
        policy: Some(published.key.clone()),
        name: Some(stage.name.clone()),
        because,
        after: before(stage, stages, &keys).into_iter().map(in_plan).collect(),
        approvers: stage.approvers.clone(),
        needs: stage.needs,
        deadline: stage.deadline.clone(),
    };
    kept.iter().cloned().map(stage).collect()
}

/// Keys of the stages in `kept` that must pass before `stage`. If a stage before it is not in
/// `kept`, the stages before that one count instead.
fn before<'a>(stage: &'a Stage, stages: &'a [Stage], kept: &BTreeSet<&str>) -> BTreeSet<&'a str> {
    let (mut open, mut seen, mut found) = (vec![stage], BTreeSet::new(), BTreeSet::new());
    while let Some(next) = open.pop() {
        for key in next.after.iter().filter(|key| **key != stage.key) {
            if kept.contains(key.as_str()) {
                found.insert(key.as_str());
            } else if seen.insert(key) {
                open.extend(stages.iter().find(|other| other.key == *key));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
