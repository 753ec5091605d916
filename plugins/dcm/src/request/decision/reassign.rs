//! Replacement of the people of an open stage by an admin, with a reason. Decisions that were given
//! remain, and the stage's deadline begins again.

use super::pass_on::REASON;
use super::people::{Resolved, approvers_of, check_deciders, reference};
use super::record::Recording;
use super::{REFERENCES_MAX, ambient, boundary};
use crate::calendar::state::Current;
use crate::permission::OPERATE;
use crate::policy::document::Approver;
use crate::policy::read::is_group_key;
use crate::request::{Request, RequestFacts, is_id, stream, unknown};
use eaf_sdk::personal::CommandActor;
use eaf_sdk::{Accepted, Boundary, Command, Context, FieldError, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Maximum number of people and groups to whom a stage is reassigned.
const APPROVERS_MAX: usize = 5;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReassignStage {
    #[schemars(extend("format" = "uuid"))]
    pub request: String,
    /// Revision of the request that the caller has read; without it, the first.
    #[schemars(range(min = 1, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub revision: Option<u32>,
    /// Key of the stage in the request's plan.
    #[schemars(length(min = 1, max = 200), extend("x-eaf-own-words" = true))]
    pub stage: String,
    /// Actor ids of the people who decide from now on, up to 5.
    #[serde(default)]
    #[schemars(length(max = 5))]
    pub actors: Vec<String>,
    /// Keys of the groups that decide from now on, up to 5.
    #[serde(default)]
    #[schemars(length(max = 5))]
    pub groups: Vec<String>,
    /// Reason for the other approvers and for auditors, 3 to 2,000 characters.
    #[schemars(length(min = 3, max = 2000), extend("x-eaf-own-words" = true))]
    pub reason: Personal<CommandActor>,
}

/// Checks that the request is undecided and that the caller is not its requester, who must not
/// choose the approvers.
pub fn can_reassign(ctx: &Context, request: &RequestFacts) -> Result<(), Rejection> {
    if request.requester_id == ctx.actor.id {
        return Err(Rejection::forbidden("own-request").at("/request"));
    }
    request.pending()
}

impl Command for ReassignStage {
    const NAME: &'static str = "reassign-stage";
    const PERMISSION: Option<&'static str> = Some(OPERATE);

    fn boundary(&self, ctx: &Context, loaded: &Streams) -> Boundary {
        let boundary = boundary(&self.request, loaded);
        // The host resolves only valid references; `check` rejects the others.
        let is_resolvable = |approver: &Approver| match approver {
            Approver::Actor(id) => is_id(id),
            Approver::Group(key) => is_group_key(key),
            _ => true,
        };
        let new = self.approvers().into_iter().filter(is_resolvable).take(2 * APPROVERS_MAX);
        // These references do not depend on the requester.
        new.fold(boundary, |boundary, approver| boundary.people(reference(&approver, &ctx.actor.id)))
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let request: Request = streams.fold(&stream(&self.request)).ok_or_else(unknown)?;
        let Some(approval) = &request.approval else { return Err(unknown()) };
        can_reassign(ctx, &request.facts())?;
        approval.is_at(self.revision.unwrap_or(1))?;
        self.check(streams)?;
        let approvers = self.approvers();
        let count = approvers_of(approval).len() + approvers.len();
        if count > REFERENCES_MAX {
            return Err(Rejection::conflict("policy-people-too-many")
                .param("count", count)
                .param("max", REFERENCES_MAX));
        }
        let people = Resolved::new(approval, ctx, streams, &approvers);
        let Current { calendar, .. } = Current::of(streams);
        let changes = approval.reassign(ambient(ctx, &people, &calendar), &self.stage, approvers, &ctx.actor.id)?;
        let comment = Some(self.reason.reassign());
        let recording = Recording::new(ctx, &self.request, &request, comment, &calendar);
        Ok(recording.changes(Accepted::nothing(), approval, changes).subject("requests", self.request))
    }
}

impl ReassignStage {
    fn approvers(&self) -> Vec<Approver> {
        let actors = self.actors.iter().cloned().map(Approver::Actor);
        actors.chain(self.groups.iter().cloned().map(Approver::Group)).collect()
    }

    /// Rejects a body without people, with people who may not decide or with an invalid reason.
    fn check(&self, streams: &Streams) -> Result<(), Rejection> {
        let mut fields = Fields::default();
        let (actors, groups) = (self.actors.len(), self.groups.len());
        if actors + groups == 0 {
            fields.push(FieldError::new("/actors", "approvers-missing"));
        }
        for (pointer, length) in [("/actors", actors), ("/groups", groups)] {
            if length > APPROVERS_MAX {
                let too_long = FieldError::new(pointer, "list-too-long");
                fields.push(too_long.param("length", length).param("max", APPROVERS_MAX));
            }
        }
        let pointed = self.actors.iter().enumerate().map(|(index, actor)| (format!("/actors/{index}"), actor));
        check_deciders(&mut fields, streams, pointed);
        let invalid = self.groups.iter().enumerate().filter(|(_, key)| !is_group_key(key));
        invalid.for_each(|(index, _)| fields.push(FieldError::new(&format!("/groups/{index}"), "group-format")));
        fields.length("/reason", "reason", self.reason.as_str(), REASON);
        fields.into_result("invalid-handover")
    }
}
