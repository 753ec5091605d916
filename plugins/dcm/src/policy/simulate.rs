//! Simulation of a policy's draft over earlier requests, so that an admin sees the draft's effect
//! before the publication.
//!
//! A simulation plans the approval of each request twice, by the facts of the request's last
//! submission: once with the policies that are published at present, and once with the draft among
//! them. A simulation records no event; its result is the preview of a rehearsal.

use super::document::{Approver, Deadline, Needs};
use super::draft::{draft_missing, is_latest};
use super::fact::Facts;
use super::plan::{Plan, PlannedStage, Published, plan};
use super::preview;
use super::state::{Drafts, PUBLISHED, Policies, stream};
use crate::offering::{PATTERN, is_key};
use crate::permission::POLICY;
use crate::request::{self, Request, is_id};
use eaf_sdk::{Accepted, Boundary, Command, Context, FieldError, Fields, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Maximum number of requests of one simulation. A command may read 32 streams, those of the
/// policies included.
pub const REQUESTS_MAX: usize = 25;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SimulatePolicy {
    /// Key of the policy.
    #[schemars(regex(pattern = PATTERN), extend("x-eaf-own-words" = true))]
    pub policy: String,
    /// Revision of the draft that the caller has read.
    #[schemars(range(min = 0, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub revision: i64,
    /// Ids of 1 to 25 requests.
    #[schemars(length(min = 1, max = 25), extend("x-eaf-own-words" = true))]
    pub requests: Vec<String>,
}

impl Command for SimulatePolicy {
    const NAME: &'static str = "simulate-policy";
    const PERMISSION: Option<&'static str> = Some(POLICY);

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        if !is_key(&self.policy) || self.check().is_err() {
            return Boundary::none();
        }
        let policies = Boundary::none().read(PUBLISHED).read(stream(&self.policy));
        self.requests.iter().fold(policies, |boundary, id| boundary.read(request::stream(id)))
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        self.check()?;
        let drafts = streams.fold::<Drafts>(&stream(&self.policy)).unwrap_or_default();
        let draft = drafts.open.as_ref().ok_or_else(draft_missing)?;
        is_latest(&drafts, self.revision)?;
        let before = streams.fold::<Policies>(PUBLISHED).unwrap_or_default().published;
        let mut after = before.clone();
        after.retain(|published| published.key != self.policy);
        after.push(Published { key: self.policy.clone(), version: drafts.version + 1, policy: draft.document.clone() });
        let simulated: Result<Vec<Value>, Rejection> = self
            .requests
            .iter()
            .enumerate()
            .map(|(index, id)| {
                let facts = facts(streams, id).ok_or_else(|| request::unknown().at(&format!("/requests/{index}")))?;
                Ok(effect(ctx, id, &plan(&before, &facts), &plan(&after, &facts)))
            })
            .collect();
        let preview = Map::from_iter([("requests".to_owned(), Value::Array(simulated?))]);
        Ok(Accepted::nothing().preview(preview).subject("policies", self.policy))
    }
}

impl SimulatePolicy {
    fn check(&self) -> Result<(), Rejection> {
        let mut fields = Fields::default();
        if self.requests.is_empty() || self.requests.len() > REQUESTS_MAX {
            fields.push(FieldError::new("/requests", "simulation-size").param("max", REQUESTS_MAX));
        }
        for (index, id) in self.requests.iter().enumerate().take(REQUESTS_MAX) {
            if !is_id(id) {
                fields.push(FieldError::new(&format!("/requests/{index}"), "request-format"));
            }
        }
        fields.into_result("invalid-simulation")
    }
}

/// Facts of a request's last submission; `None`: no such request.
fn facts(streams: &Streams, id: &str) -> Option<Facts> {
    streams.fold::<Request>(&request::stream(id)).and_then(|request| request.planned_facts)
}

fn effect(ctx: &Context, id: &str, before: &Plan, after: &Plan) -> Value {
    json!({
        "request": id,
        "differs": demands(before) != demands(after),
        "before": shown(ctx, before),
        "after": shown(ctx, after),
    })
}

/// Parts of a stage on which an approval depends: its key, predecessors, approvers, number of
/// approvals and deadline. Names and reasons have no effect.
type Demand<'a> = (&'a str, &'a [String], &'a [Approver], Needs, Option<&'a Deadline>);

/// Demands of the plan's stages; empty for a plan that needs no people, by any rule.
fn demands(plan: &Plan) -> Vec<Demand<'_>> {
    plan.stages.iter().map(demand).collect()
}

fn demand(stage: &PlannedStage) -> Demand<'_> {
    (&stage.key, &stage.after, &stage.approvers, stage.needs, stage.deadline.as_ref())
}

fn shown(ctx: &Context, plan: &Plan) -> Value {
    let approvers = |stage: &PlannedStage| ("approvers", json!(stage.approvers));
    preview::document(plan, &ctx.locale, approvers, |_, own| own.iter().collect())
}
