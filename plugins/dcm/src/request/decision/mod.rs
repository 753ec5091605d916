//! Approval of one request: the stages that the tenant's policies ask for, the people who decide,
//! and the events that record it.
//!
//! The rules are in [`policy`](crate::policy), which knows neither events nor the host. This room
//! connects both: `begin` plans an approval, `people` resolves references, `record` turns changes
//! into events. `shown`, `stages` and `offers` are what views show, `waiting` says for whom a
//! request waits.

pub mod answer;
pub mod ask_back;
pub mod begin;
pub mod confirm;
pub mod deadline_workflow;
pub mod decline;
pub mod end_deadline;
pub mod event;
pub mod note_departure;
pub mod offers;
pub mod pass_on;
pub mod people;
pub mod propose;
pub mod reassign;
pub mod record;
pub mod remind;
pub mod shown;
pub mod stages;
pub mod thread;
pub mod waiting;

use super::release::request_and_held;
use super::{Request, Status, stream};
use crate::calendar::Calendar;
use crate::calendar::state::CALENDAR;
use crate::policy::approval::{Ambient, Approval, Approvers, Verdict};
use crate::policy::operations::Vote;
use eaf_sdk::{Boundary, Context, Rejection, Streams};
use people::{references, takers_reference};

/// Maximum number of references to people that one approval may need. The host resolves at most 64
/// per command, and a command may need further ones.
pub const REFERENCES_MAX: usize = 50;

/// Boundary of a command that may change an approval: the request, its machine name or machine,
/// which the end of the approval may release, the tenant's calendar and the people of all stages.
pub fn boundary(request: &str, loaded: &Streams) -> Boundary {
    let boundary = request_and_held(request, loaded);
    if !super::is_id(request) {
        return boundary;
    }
    let approval = loaded.fold::<Request>(&stream(request)).and_then(|request| request.approval);
    let Some(approval) = approval else { return boundary };
    let people = references(&approval).into_iter().chain(takers_reference(&approval));
    people.fold(boundary.read(CALENDAR), Boundary::people)
}

/// Adds the people of a new plan to a boundary. A plan with more references than
/// [`REFERENCES_MAX`] is refused, so that it needs no more of them.
pub fn with_people(boundary: Boundary, approval: &Approval) -> Boundary {
    references(approval).into_iter().take(REFERENCES_MAX).fold(boundary, Boundary::people)
}

/// Vote of the caller: for their own seat, or else as the deputy of the first person for whom the
/// caller stands in and who has a seat. Rejects if the caller may not decide.
pub fn vote<'a>(
    approval: &Approval,
    approvers: &dyn Approvers,
    ctx: &'a Context,
    revision: u32,
    verdict: Verdict,
) -> Result<Vote<'a>, Rejection> {
    let own = Vote { actor: &ctx.actor.id, on_behalf_of: None, stage: None, revision, verdict };
    let Err(refused) = approval.can_decide(approvers, &own) else { return Ok(own) };
    let as_deputy = |principal: &'a eaf_sdk::document::Principal| Vote { on_behalf_of: Some(&principal.id), ..own };
    let mut votes = ctx.actor.stands_in_for.iter().map(as_deputy);
    votes.find(|vote| approval.can_decide(approvers, vote).is_ok()).ok_or_else(|| refused.at("/request"))
}

/// Approval of a request that still waits for this deadline of a stage; `None`: the request was
/// decided, or the stage has passed or has another deadline.
pub fn deadline_stands<'a>(request: &'a Request, stage: &str, due_at: i64) -> Option<&'a Approval> {
    let approval = request.approval.as_ref().filter(|_| request.status == Status::Pending)?;
    approval.open(stage).is_some_and(|open| open.due_at == Some(due_at)).then_some(approval)
}

/// Present time, people and business hours of a decision.
pub fn ambient<'a>(ctx: &Context, approvers: &'a dyn Approvers, hours: &'a Calendar) -> Ambient<'a> {
    Ambient { now: ctx.now, approvers, hours }
}
