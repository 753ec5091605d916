//! Sentence that says for what a request waits: a decision, its build, or a person who repairs it.

use super::Status;
use super::decision::waiting;
use super::view::Row;
use crate::permission::OPERATE;
use crate::provisioning::stall;
use crate::vm;
use eaf_sdk::{Context, Message, People};

/// Message that says for what a request waits; `None` once the request has ended.
pub fn waiting_on(row: &Row, ctx: &Context) -> Option<Message> {
    if let Some(at) = row.stalled_since {
        return Some(stall::waiting(at, row.stalled_code.as_deref().unwrap_or_default()));
    }
    match row.status {
        Status::Pending => row.shown.approval.as_ref().map(|approval| waiting::message(approval, ctx)),
        Status::Approved if row.terminal => None,
        Status::Approved => Some(match &row.step {
            None => Message::new("provisioning-start").param("since", row.updated_at),
            Some(step) => Message::new("provisioning")
                .param("step", step.clone())
                .param("percent", row.percent.unwrap_or(0))
                .param("attempt", row.attempt.unwrap_or(1)),
        }),
        Status::Failed => Some(repair("retry", row)),
        Status::Cancelling => Some(Message::new("cancelling").param("step", row.step.clone().unwrap_or_default())),
        Status::CancelFailed if row.error_code.as_deref() == Some(vm::OTHER_VCENTER) => {
            Some(repair("cancel-elsewhere", row))
        }
        Status::CancelFailed => Some(repair("cancel-retry", row)),
        Status::Fulfilled | Status::Rejected | Status::Withdrawn | Status::Expired | Status::Cancelled => None,
    }
}

/// Message of a failure whose cause an admin must repair.
fn repair(code: &str, row: &Row) -> Message {
    Message::new(code)
        .param("since", row.updated_at)
        .param("step", row.failed_step.clone().unwrap_or_default())
        .param("code", row.error_code.clone().unwrap_or_default())
        .param("people", People::who_may(OPERATE))
}
