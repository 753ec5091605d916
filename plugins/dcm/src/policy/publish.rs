//! Publication of a policy's draft, with a reason. The policy applies to requests that are
//! submitted later; approvals that have begun retain their plan.

use super::draft::{draft_missing, is_latest};
use super::event::{PolicyDraftClosed, PolicyPublished};
use super::state::{Drafts, PUBLISHED, Policies, stream};
use crate::offering::{PATTERN, is_key};
use crate::permission::POLICY;
use crate::request::event::By;
use eaf_sdk::personal::CommandActor;
use eaf_sdk::{Accepted, Boundary, Command, Context, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Maximum number of published policies of a tenant. Each submission of a request evaluates all of
/// them.
pub const POLICIES_MAX: usize = 50;
pub(super) const REASON: std::ops::RangeInclusive<usize> = 3..=2000;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PublishPolicy {
    /// Key of the policy.
    #[schemars(regex(pattern = PATTERN), extend("x-eaf-own-words" = true))]
    pub policy: String,
    /// Revision of the draft that the caller has read.
    #[schemars(range(min = 0, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub revision: i64,
    /// Reason of the change for auditors and other admins, 3 to 2,000 characters.
    #[schemars(length(min = 3, max = 2000), extend("x-eaf-own-words" = true))]
    pub reason: Personal<CommandActor>,
}

impl Command for PublishPolicy {
    const NAME: &'static str = "publish-policy";
    const PERMISSION: Option<&'static str> = Some(POLICY);

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        let boundary = Boundary::none().guard(PUBLISHED);
        if is_key(&self.policy) { boundary.guard(stream(&self.policy)) } else { boundary }
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let drafts = streams.fold::<Drafts>(&stream(&self.policy)).unwrap_or_default();
        let draft = drafts.open.clone().ok_or_else(draft_missing)?;
        is_latest(&drafts, self.revision)?;
        let mut fields = Fields::default();
        fields.length("/reason", "reason", self.reason.as_str(), REASON);
        fields.into_result("invalid-reason")?;
        let policies = streams.fold::<Policies>(PUBLISHED).unwrap_or_default();
        is_within_limit(&policies, &self.policy)?;
        let version = drafts.version + 1;
        let by_name: Personal<By> = Personal::new(&ctx.actor.name);
        let published = PolicyPublished {
            policy: self.policy.clone(),
            name: draft.name,
            version,
            document: draft.document,
            reason: self.reason.reassign(),
            by_id: ctx.actor.id.clone(),
            by_name: by_name.clone(),
        };
        let closed = PolicyDraftClosed {
            policy: self.policy.clone(),
            revision: drafts.revision,
            version: Some(version),
            by_id: ctx.actor.id.clone(),
            by_name,
        };
        Ok(Accepted::nothing()
            .event(PUBLISHED, published)
            .event(stream(&self.policy), closed)
            .subject("policies", self.policy))
    }
}

fn is_within_limit(policies: &Policies, policy: &str) -> Result<(), Rejection> {
    let others = policies.published.iter().filter(|published| published.key != policy).count();
    if others < POLICIES_MAX {
        return Ok(());
    }
    Err(Rejection::conflict("policies-too-many").param("max", POLICIES_MAX))
}
