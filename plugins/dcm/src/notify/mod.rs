//! Tells people by mail what they have to do or what became of their request.
//!
//! A mail may wait for hours while the mail server is away. One that asks for an action or tells a
//! state is sent only while the state holds; a rejection is final, so its mail always fits.

use crate::Event;
use crate::permission::{APPROVE, OPERATE};
use crate::request::approvals::Approvals;
use crate::request::event::RequestFailed;
use crate::request::view::Requests;
use crate::request::{self, Spec};
use crate::vm;
use crate::vm::view::Vms;
use eaf_sdk::mail::{Condition, Mailer, Recipient};
use eaf_sdk::{Failure, Recorded, Trigger, Workflow};
use serde_json::{Value, json};

const GRANT: &str = "mail";

pub struct Notify;

impl Workflow for Notify {
    type Event = Event;

    const NAME: &'static str = "notify";
    const TRIGGERS: &'static [Trigger] = &[
        Trigger { event: "request-submitted", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-rejected", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-fulfilled", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-failed", key: "/request_id", subject: "/requester_id" },
    ];

    fn run(event: Event, recorded: &Recorded) -> Result<Value, Failure> {
        let mailer = Mailer::open(GRANT)?;
        let skipped = match event {
            Event::RequestSubmitted(e) => {
                let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
                facts["justification"] = e.justification.as_str().into();
                let to = Recipient::HoldersExcept { permission: APPROVE, except: &e.requester_id };
                let open = Condition::on::<Approvals>(&e.request_id, "status", request::Status::Pending);
                mailer.send_while("approval-requested", to, &facts, &open)?.skipped
            }
            Event::RequestRejected(e) => {
                let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
                facts["reason"] = e.reason.as_str().into();
                facts["approver_name"] = e.approver_name.as_str().into();
                mailer.send("request-rejected", Recipient::Actor(&e.requester_id), &facts)?.skipped
            }
            Event::RequestFulfilled(e) => {
                let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
                facts["ip"] = e.ip.into();
                let there = Condition::on::<Vms>(&e.request_id, "status", vm::Status::Active);
                mailer.send_while("request-fulfilled", Recipient::Actor(&e.requester_id), &facts, &there)?.skipped
            }
            Event::RequestFailed(e) => tell_of_failure(&mailer, e, recorded)?,
            _ => return Err(Failure::permanent("unexpected-event", "this event is told to nobody")),
        };
        Ok(json!({ "outcome": if skipped { "skipped" } else { "told" } }))
    }
}

/// Was a mail skipped? The requester is told whether the admins know, so theirs goes first; a
/// failure of the one mail is no reason to leave the other out.
fn tell_of_failure(mailer: &Mailer, e: RequestFailed, recorded: &Recorded) -> Result<bool, Failure> {
    let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    facts["failed_step"] = e.step.into();
    facts["error_code"] = e.code.into();
    facts["error_message"] = e.message.into();
    facts["trace_id"] = e.trace_id.into();
    let failed = Condition::on::<Requests>(&e.request_id, "status", request::Status::Failed);
    let holders = Recipient::Holders { permission: OPERATE };
    let admins = mailer.send_while("request-failed-admin", holders, &facts, &failed);
    if admins.as_ref().is_ok_and(|told| told.skipped) {
        return Ok(true);
    }
    facts["admins_told"] = admins.as_ref().is_ok_and(|told| told.sent > 0).into();
    let requester = mailer.send_while("request-failed", Recipient::Actor(&e.requester_id), &facts, &failed);
    admins.and(requester).map(|told| told.skipped)
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
