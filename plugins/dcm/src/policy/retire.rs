//! Retirement of a published policy, with a reason. Approvals that have begun retain their plan.

use super::event::PolicyRetired;
use super::publish::REASON;
use super::state::{PUBLISHED, Policies};
use crate::offering::PATTERN;
use crate::permission::POLICY;
use eaf_sdk::personal::CommandActor;
use eaf_sdk::{Accepted, Boundary, Command, Context, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RetirePolicy {
    /// Key of the policy.
    #[schemars(regex(pattern = PATTERN), extend("x-eaf-own-words" = true))]
    pub policy: String,
    /// Version that the caller has read.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub version: i64,
    /// Reason of the change for auditors and other admins, 3 to 2,000 characters.
    #[schemars(length(min = 3, max = 2000), extend("x-eaf-own-words" = true))]
    pub reason: Personal<CommandActor>,
}

/// Checks that a policy is published.
pub fn is_published(published: bool) -> Result<(), Rejection> {
    if published { Ok(()) } else { Err(not_published()) }
}

fn not_published() -> Rejection {
    Rejection::conflict("policy-not-published").at("/policy")
}

impl Command for RetirePolicy {
    const NAME: &'static str = "retire-policy";
    const PERMISSION: Option<&'static str> = Some(POLICY);

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        Boundary::none().guard(PUBLISHED)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let policies = streams.fold::<Policies>(PUBLISHED).unwrap_or_default();
        let (published, name) = policies.find(&self.policy).ok_or_else(not_published)?;
        if i64::from(published.version) != self.version {
            return Err(Rejection::conflict("policy-changed").param("version", published.version));
        }
        let mut fields = Fields::default();
        fields.length("/reason", "reason", self.reason.as_str(), REASON);
        fields.into_result("invalid-reason")?;
        let retired = PolicyRetired {
            policy: self.policy.clone(),
            name: name.clone(),
            version: published.version,
            reason: self.reason.reassign(),
            by_id: ctx.actor.id.clone(),
            by_name: Personal::new(&ctx.actor.name),
        };
        Ok(Accepted::nothing().event(PUBLISHED, retired).subject("policies", self.policy))
    }
}
