//! Mails: what approvers and admins are asked to do, and the progress of requests.
//!
//! A mail may wait for hours while the mail server is unavailable. A mail is sent only if the
//! request still has the status that the mail was written for. A rejection is final, so that its
//! mail is always sent.

use crate::Event;
use crate::permission::OPERATE;
use crate::policy::document::Approver;
use crate::request::Spec;
use crate::request::Status;
use crate::request::approvals::Approvals;
use crate::request::decision::people::reference;
use crate::request::decision::stages::{self, Stages};
use crate::request::event::RequestFailed;
use crate::request::view::Requests;
use crate::vm::view::Vms;
use crate::vm::{self, Access};
use eaf_sdk::{Failure, People, Recorded, Trigger, Workflow, flow};
use eaf_sdk_mail::{Condition, Mailer, Recipient};
use serde_json::{Value, json};

const GRANT: &str = "mail";
/// Name of the mail template that asks approvers to decide.
const APPROVAL_REQUESTED: &str = "approval-requested";

pub struct Notify;

impl Workflow for Notify {
    type Event = Event;

    const NAME: &'static str = "notify";
    const TRIGGERS: &'static [Trigger] = &[
        Trigger { event: "stage-opened", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "stage-escalated", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "decision-passed-on", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "stage-reassigned", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "stage-reminded", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-auto-approved", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-expired", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-withdrawn", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-approved", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-rejected", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-fulfilled", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-failed", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-cancel-requested", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "vm-decommission-requested", key: "/vm_id", subject: "/requester_id" },
        Trigger { event: "vm-gone-confirmed", key: "/vm_id", subject: "/requester_id" },
        Trigger { event: "vm-decommission-failed", key: "/vm_id", subject: "/requester_id" },
    ];

    fn run(event: Event, recorded: &Recorded) -> Result<Value, Failure> {
        let mailer = Mailer::open(GRANT)?;
        let skipped = match event {
            Event::StageOpened(e) => {
                let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
                facts["justification"] = e.justification.as_str().into();
                let ask = Ask { request: &e.request_id, requester: &e.requester_id, stage: &e.stage };
                facts["stage"] = json!(e.stage_name);
                ask.send(&mailer, &e.asked, e.due_at, facts)?
            }
            Event::StageEscalated(e) => {
                let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
                facts["justification"] = e.justification.as_str().into();
                facts["escalated"] = true.into();
                let ask = Ask { request: &e.request_id, requester: &e.requester_id, stage: &e.stage };
                ask.send(&mailer, std::slice::from_ref(&e.to), e.due_at, facts)?
            }
            Event::DecisionPassedOn(e) => {
                let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
                facts["justification"] = e.justification.as_str().into();
                facts["stage"] = json!(e.stage_name);
                facts["passed_on_by"] = e.approver_name.as_str().into();
                facts["note"] = e.reason.as_str().into();
                let ask = Ask { request: &e.request_id, requester: &e.requester_id, stage: &e.stage };
                ask.send(&mailer, &[Approver::Actor(e.to_id)], e.due_at, facts)?
            }
            Event::StageReassigned(e) => {
                let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
                facts["justification"] = e.justification.as_str().into();
                facts["stage"] = json!(e.stage_name);
                facts["passed_on_by"] = e.by_name.as_str().into();
                facts["note"] = e.reason.as_str().into();
                let ask = Ask { request: &e.request_id, requester: &e.requester_id, stage: &e.stage };
                ask.send(&mailer, &e.asked, e.due_at, facts)?
            }
            Event::StageReminded(e) => {
                let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
                facts["justification"] = e.justification.as_str().into();
                facts["stage"] = json!(e.stage_name);
                facts["reminder"] = true.into();
                let ask = Ask { request: &e.request_id, requester: &e.requester_id, stage: &e.stage };
                ask.send(&mailer, &e.asked, Some(e.due_at), facts)?
            }
            Event::RequestAutoApproved(e) => {
                let settled = Settled { id: &e.request_id, vm_name: &e.spec.vm_name, by: "" };
                settled.send(&mailer, Status::Approved, &e.requester_id)?
            }
            Event::RequestExpired(e) => {
                let settled = Settled { id: &e.request_id, vm_name: &e.spec.vm_name, by: "" };
                let facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
                // The requester's mail is first, so that it does not wait for other mailboxes.
                let requester = mailer.send("request-expired", Recipient::Actor(&e.requester_id), &facts);
                let others = settled.send(&mailer, Status::Expired, &e.requester_id);
                let sent = requester?;
                others?;
                sent.skipped
            }
            Event::RequestWithdrawn(e) => {
                let settled = Settled { id: &e.request_id, vm_name: &e.vm_name, by: e.requester_name.as_str() };
                settled.send(&mailer, Status::Withdrawn, &e.requester_id)?
            }
            Event::RequestApproved(e) => {
                let settled = Settled { id: &e.request_id, vm_name: &e.spec.vm_name, by: e.approver_name.as_str() };
                // The approval stays valid, whatever the build has done when the mail is sent.
                settled.send(&mailer, Status::Approved, &e.approver_id)?
            }
            Event::RequestRejected(e) => {
                let settled = Settled { id: &e.request_id, vm_name: &e.spec.vm_name, by: e.approver_name.as_str() };
                let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
                facts["reason"] = e.reason.as_str().into();
                facts["approver_name"] = e.approver_name.as_str().into();
                // The requester's mail is first, so that it does not wait for other mailboxes.
                let requester = mailer.send("request-rejected", Recipient::Actor(&e.requester_id), &facts);
                let others = settled.send(&mailer, Status::Rejected, &e.approver_id);
                let sent = requester?;
                others?;
                sent.skipped
            }
            Event::RequestFulfilled(e) => {
                let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
                facts["ip"] = e.ip.into();
                facts["access"] = json!(Access::of(&e.spec.image));
                let in_use = Condition::on::<Vms>(&e.request_id, "status", vm::Status::Active);
                mailer.send_while("request-fulfilled", Recipient::Actor(&e.requester_id), &facts, &in_use)?.skipped
            }
            Event::RequestFailed(e) => send_failure(&mailer, e, recorded)?,
            Event::VmDecommissionRequested(e) if e.by_id != e.requester_id => {
                let facts = json!({ "vm_id": e.vm_id, "vm_name": e.name, "by_name": e.by_name.as_str(),
                    "trace_id": recorded.trace_id });
                mailer.send("vm-decommissioned", Recipient::Actor(&e.requester_id), &facts)?.skipped
            }
            Event::VmGoneConfirmed(e) if e.by_id != e.requester_id => {
                let facts = json!({ "vm_id": e.vm_id, "vm_name": e.name, "by_name": e.by_name.as_str(),
                    "trace_id": recorded.trace_id });
                mailer.send("vm-counted-as-removed", Recipient::Actor(&e.requester_id), &facts)?.skipped
            }
            Event::RequestCancelRequested(e) if e.by_id != e.requester_id => {
                let facts = json!({ "request_id": e.request_id, "vm_name": e.vm_name, "by_name": e.by_name.as_str(),
                    "reason": e.reason.as_str(), "trace_id": recorded.trace_id });
                mailer.send("request-cancelled", Recipient::Actor(&e.requester_id), &facts)?.skipped
            }
            // People get no mail about their own acts.
            Event::VmDecommissionRequested(_) | Event::VmGoneConfirmed(_) | Event::RequestCancelRequested(_) => true,
            Event::VmDecommissionFailed(e) => {
                let facts = json!({ "vm_id": e.vm_id, "vm_name": e.name, "failed_step": e.step, "error_code": e.code,
                    "error_message": e.message, "trace_id": e.trace_id });
                let failed = Condition::on::<Vms>(&e.vm_id, "status", vm::Status::DecommissionFailed);
                let owner = Recipient::Actor(&e.requester_id);
                mailer.send_while("vm-decommission-failed", owner, &facts, &failed)?.skipped
            }
            _ => return Err(Failure::permanent("unexpected-event", "no mail belongs to this event")),
        };
        Ok(json!({ "outcome": if skipped { "skipped" } else { "told" } }))
    }
}

/// Request that was decided or withdrawn, with the name of the person who did so.
struct Settled<'a> {
    id: &'a str,
    vm_name: &'a str,
    by: &'a str,
}

impl Settled<'_> {
    /// Sends one mail to each approver who was asked to decide, except the person who settled the
    /// request. Returns whether the mails were skipped.
    fn send(&self, mailer: &Mailer, status: Status, by_id: &str) -> Result<bool, Failure> {
        let row = flow::read::<Approvals>(self.id)?;
        let Some(asked) = row.and_then(|row| row.shown.asked) else { return Ok(true) };
        let facts = json!({ "request_id": self.id, "vm_name": self.vm_name, "by_name": self.by, "status": status });
        let to = asked.with_deputies().except(by_id).into();
        let was_asked = Condition::on::<Approvals>(self.id, "status", status).after(APPROVAL_REQUESTED);
        mailer.send_while("request-settled", to, &facts, &was_asked).map(|sent| sent.skipped)
    }
}

/// Question to the people of a stage to decide about a request.
struct Ask<'a> {
    request: &'a str,
    requester: &'a str,
    stage: &'a str,
}

impl Ask<'_> {
    /// Sends one mail to each person who is asked, or to their deputy, while the stage is open.
    /// Returns whether the mails were skipped.
    fn send(
        &self,
        mailer: &Mailer,
        asked: &[Approver],
        due_at: Option<i64>,
        mut facts: Value,
    ) -> Result<bool, Failure> {
        facts["due_at"] = due_at.into();
        let people = asked.iter().fold(People::default(), |people, asked| people.or(reference(asked, self.requester)));
        let to = people.with_deputies().except(self.requester).into();
        let row = stages::key(self.request, self.stage);
        let open = Condition::on::<Stages>(&row, "status", stages::Status::Open);
        mailer.send_while(APPROVAL_REQUESTED, to, &facts, &open).map(|sent| sent.skipped)
    }
}

/// Sends the mails about a failure; returns whether at least one of them was skipped. The admins'
/// mail is first, because the requester's mail says whether the admins know. If one mail fails, the
/// other is sent nevertheless.
fn send_failure(mailer: &Mailer, e: RequestFailed, recorded: &Recorded) -> Result<bool, Failure> {
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
    facts["admins_told"] = admins.as_ref().is_ok_and(|sent| sent.sent > 0).into();
    let requester = mailer.send_while("request-failed", Recipient::Actor(&e.requester_id), &facts, &failed);
    admins.and(requester).map(|sent| sent.skipped)
}

fn facts(request_id: &str, requester_name: &str, spec: &Spec, recorded: &Recorded) -> Value {
    json!({
        "request_id": request_id,
        "requester_name": requester_name,
        "vm_name": spec.vm_name,
        "offering": spec.offering_name,
        "image": spec.image,
        "cpus": spec.cpus,
        "memory_gb": spec.memory_gb,
        "term_months": spec.term_months,
        "monthly_cents": spec.monthly_cents,
        "currency": spec.currency,
        "trace_id": recorded.trace_id,
    })
}
