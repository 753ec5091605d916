//! Actions on an undecided request that concern its approval.

use super::answer::{Answer, can_answer};
use super::ask_back::AskBack;
use super::confirm::ConfirmChanges;
use super::decline::{DeclineChanges, can_answer_proposal};
use super::pass_on::{PassOnDecision, own_stages};
use super::people::CallerAlone;
use super::propose::{ProposeChanges, can_propose};
use super::reassign::{ReassignStage, can_reassign};
use super::shown::Shown;
use crate::permission::OPERATE;
use crate::policy::approval::{Approval, Verdict};
use crate::request::approve::ApproveRequest;
use crate::request::reject::RejectRequest;
use crate::request::{RequestFacts, Status};
use eaf_sdk::{Context, RowActions};
use serde_json::{Value, json};

/// Offers approval and rejection of an undecided request to the people who have a seat and to the
/// holders of the permission to approve, a question and a proposal to the people who may approve,
/// answers to the requester, handover to the people who have a seat of their own, and reassignment
/// of the first open stage to the holders of the permission to operate.
pub fn offer_decisions(
    offers: RowActions,
    key: &str,
    shown: &Shown,
    facts: &RequestFacts,
    ctx: &Context,
) -> RowActions {
    let body = json!({ "request": key, "revision": shown.revision });
    let offers = match shown.decision(ctx, facts, Verdict::Approve) {
        Some(rule) => offers.offer::<ApproveRequest>(ctx, rule, body.clone()),
        None => offers,
    };
    let offers = match shown.decision(ctx, facts, Verdict::Reject) {
        Some(rule) => offers.offer::<RejectRequest>(ctx, rule, body.clone()),
        None => offers,
    };
    let offers = match shown.decision(ctx, facts, Verdict::Approve) {
        Some(Ok(())) => offers.offer::<AskBack>(ctx, Ok(()), body.clone()),
        _ => offers,
    };
    let Some(approval) = &shown.approval else { return offers };
    let offers = offer_answers(offers, approval, facts, ctx, &body);
    let alone = CallerAlone::new(approval, ctx);
    let offers = match can_propose(approval, &alone, ctx, facts, approval.revision) {
        Ok(_) => offers.offer::<ProposeChanges>(ctx, Ok(()), body.clone()),
        Err(_) => offers,
    };
    let offers = match own_stages(approval, &alone, ctx, facts, approval.revision) {
        Ok(_) => offers.offer::<PassOnDecision>(ctx, Ok(()), body.clone()),
        Err(_) => offers,
    };
    match approval.open_stages().first() {
        Some(stage) if facts.status == Status::Pending && ctx.may(OPERATE) => {
            let body = json!({ "request": key, "revision": shown.revision, "stage": stage });
            offers.offer::<ReassignStage>(ctx, can_reassign(ctx, facts), body)
        }
        _ => offers,
    }
}

/// Offers the requester the answer to an open question and to proposed changes.
fn offer_answers(
    offers: RowActions,
    approval: &Approval,
    facts: &RequestFacts,
    ctx: &Context,
    body: &Value,
) -> RowActions {
    let offers = match can_answer(ctx, facts, approval, approval.revision) {
        Ok(()) => offers.offer::<Answer>(ctx, Ok(()), body.clone()),
        Err(_) => offers,
    };
    match can_answer_proposal(ctx, facts, approval, approval.revision) {
        Ok(()) => {
            offers.offer::<ConfirmChanges>(ctx, Ok(()), body.clone()).offer::<DeclineChanges>(ctx, Ok(()), body.clone())
        }
        Err(_) => offers,
    }
}
