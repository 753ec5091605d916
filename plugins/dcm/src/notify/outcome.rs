//! Mails about builds, cancellations and machines. People get no mail about their own acts.

use super::{Skipped, facts};
use crate::permission::OPERATE;
use crate::request::Status;
use crate::request::event::{RequestCancelRequested, RequestFailed, RequestFulfilled};
use crate::request::view::Requests;
use crate::vm::event::{VmDecommissionFailed, VmDecommissionRequested, VmGoneConfirmed};
use crate::vm::view::Vms;
use crate::vm::{self, Access};
use eaf_sdk::{People, Recorded};
use eaf_sdk_mail::{Condition, Mailer, Recipient};
use serde_json::json;

pub(super) fn fulfilled(mailer: &Mailer, e: RequestFulfilled, recorded: &Recorded) -> Skipped {
    let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    facts["ip"] = e.ip.into();
    facts["access"] = json!(Access::of(&e.spec.image));
    let in_use = Condition::on::<Vms>(&e.request_id, "status", vm::Status::Active);
    let to = Recipient::Actor(&e.requester_id);
    mailer.send_while("request-fulfilled", to, &facts, &in_use).map(|sent| sent.skipped)
}

/// Sends the mails about a failure; skipped if at least one of them was. The admins' mail is first,
/// because the requester's mail says whether the admins know. If one mail fails, the other is sent
/// nevertheless.
pub(super) fn failed(mailer: &Mailer, e: RequestFailed, recorded: &Recorded) -> Skipped {
    let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    facts["failed_step"] = e.step.into();
    facts["error_code"] = e.code.into();
    facts["error_message"] = e.message.into();
    facts["trace_id"] = e.trace_id.into();
    let failed = Condition::on::<Requests>(&e.request_id, "status", Status::Failed);
    let holders = Recipient::from(People::who_may(OPERATE));
    let admins = mailer.send_while("request-failed-admin", holders, &facts, &failed);
    if admins.as_ref().is_ok_and(|sent| sent.skipped) {
        return Ok(true);
    }
    facts["operators_notified"] = admins.as_ref().is_ok_and(|sent| sent.sent > 0).into();
    let requester = mailer.send_while("request-failed", Recipient::Actor(&e.requester_id), &facts, &failed);
    admins.and(requester).map(|sent| sent.skipped)
}

pub(super) fn cancel_requested(mailer: &Mailer, e: &RequestCancelRequested, recorded: &Recorded) -> Skipped {
    if e.by_id == e.requester_id {
        return Ok(true);
    }
    let facts = json!({ "request_id": e.request_id, "vm_name": e.vm_name, "by_name": e.by_name.as_str(),
        "reason": e.reason.as_str(), "trace_id": recorded.trace_id });
    mailer.send("request-cancelled", Recipient::Actor(&e.requester_id), &facts).map(|sent| sent.skipped)
}

pub(super) fn decommission_requested(mailer: &Mailer, e: &VmDecommissionRequested, recorded: &Recorded) -> Skipped {
    if e.by_id == e.requester_id {
        return Ok(true);
    }
    let facts = json!({ "vm_id": e.vm_id, "vm_name": e.name, "by_name": e.by_name.as_str(),
        "trace_id": recorded.trace_id });
    mailer.send("vm-decommissioned", Recipient::Actor(&e.requester_id), &facts).map(|sent| sent.skipped)
}

pub(super) fn gone_confirmed(mailer: &Mailer, e: &VmGoneConfirmed, recorded: &Recorded) -> Skipped {
    if e.by_id == e.requester_id {
        return Ok(true);
    }
    let facts = json!({ "vm_id": e.vm_id, "vm_name": e.name, "by_name": e.by_name.as_str(),
        "trace_id": recorded.trace_id });
    mailer.send("vm-counted-as-removed", Recipient::Actor(&e.requester_id), &facts).map(|sent| sent.skipped)
}

pub(super) fn decommission_failed(mailer: &Mailer, e: &VmDecommissionFailed) -> Skipped {
    let facts = json!({ "vm_id": e.vm_id, "vm_name": e.name, "failed_step": e.step, "error_code": e.code,
        "error_message": e.message, "trace_id": e.trace_id });
    let failed = Condition::on::<Vms>(&e.vm_id, "status", vm::Status::DecommissionFailed);
    let owner = Recipient::Actor(&e.requester_id);
    mailer.send_while("vm-decommission-failed", owner, &facts, &failed).map(|sent| sent.skipped)
}
