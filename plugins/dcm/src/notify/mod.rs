//! Tells people by mail what they have to do or what became of their request.

use crate::Event;
use crate::permission::{APPROVE, OPERATE};
use crate::request::Spec;
use eaf_sdk::mail::{Mailer, Recipient};
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
        match event {
            Event::RequestSubmitted(e) => {
                let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
                facts["justification"] = e.justification.as_str().into();
                let to = Recipient::HoldersExcept { permission: APPROVE, except: &e.requester_id };
                mailer.send("approval-requested", to, &facts)?;
            }
            Event::RequestRejected(e) => {
                let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
                facts["reason"] = e.reason.as_str().into();
                facts["approver_name"] = e.approver_name.as_str().into();
                mailer.send("request-rejected", Recipient::Actor(&e.requester_id), &facts)?;
            }
            Event::RequestFulfilled(e) => {
                let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
                facts["ip"] = e.ip.into();
                mailer.send("request-fulfilled", Recipient::Actor(&e.requester_id), &facts)?;
            }
            Event::RequestFailed(e) => {
                let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
                facts["failed_step"] = e.step.into();
                facts["error_code"] = e.code.into();
                facts["error_message"] = e.message.into();
                facts["trace_id"] = e.trace_id.into();
                // The requester is told whether the admins know, so theirs goes first; neither is a reason to keep silent
                // towards the other.
                let admins = mailer.send("request-failed-admin", Recipient::Holders { permission: OPERATE }, &facts);
                facts["admins_told"] = admins.as_ref().is_ok_and(|told| told.sent > 0).into();
                let requester = mailer.send("request-failed", Recipient::Actor(&e.requester_id), &facts);
                admins.and(requester)?;
            }
            _ => return Err(Failure::permanent("unexpected-event", "this event is told to nobody")),
        }
        Ok(json!({ "outcome": "told" }))
    }
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
