//! Mails: what approvers and admins are asked to do, and the progress of requests. One file per
//! kind of mail: `ask` to approvers, on the facts of `basis`, `question` and `proposal` between
//! approver and requester, `settled` at the end of an approval, `outcome` about builds and
//! machines.
//!
//! A mail may wait for hours while the mail server is unavailable. A mail is sent only if the
//! request still has the status that the mail was written for. A rejection is final, so that its
//! mail is always sent.

mod ask;
mod basis;
mod outcome;
mod proposal;
mod question;
mod settled;

use crate::Event;
use crate::request::Spec;
use eaf_sdk::{Failure, People, Recorded, Trigger, Workflow};
use eaf_sdk_mail::Mailer;
use serde_json::{Value, json};

const GRANT: &str = "mail";

pub struct Notify;

/// Whether all mails about an event were skipped, because they fit no longer.
type Skipped = Result<bool, Failure>;

impl Workflow for Notify {
    type Event = Event;

    const NAME: &'static str = "notify";
    const TRIGGERS: &'static [Trigger] = &[
        Trigger { event: "stage-opened", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "stage-escalated", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "decision-passed-on", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "stage-reassigned", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "stage-reminded", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "question-asked", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "question-answered", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "changes-proposed", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "changes-confirmed", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "changes-declined", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-auto-approved", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-expired", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-withdrawn", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "request-approved", key: "/request_id", subject: "/requester_id" },
        Trigger { event: "decommission-approved", key: "/request_id", subject: "/requester_id" },
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
            Event::StageOpened(e) => ask::opened(&mailer, &e, recorded),
            Event::StageEscalated(e) => ask::escalated(&mailer, &e, recorded),
            Event::DecisionPassedOn(e) => ask::passed_on(&mailer, &e, recorded),
            Event::StageReassigned(e) => ask::reassigned(&mailer, &e, recorded),
            Event::StageReminded(e) => ask::reminded(&mailer, &e, recorded),
            Event::QuestionAsked(e) => question::asked(&mailer, &e, recorded),
            Event::QuestionAnswered(e) => question::answered(&mailer, &e, recorded),
            Event::ChangesProposed(e) => proposal::proposed(&mailer, &e, recorded),
            Event::ChangesConfirmed(e) => proposal::confirmed(&mailer, &e, recorded),
            Event::ChangesDeclined(e) => proposal::declined(&mailer, &e, recorded),
            Event::RequestAutoApproved(e) => settled::auto_approved(&mailer, &e),
            Event::RequestExpired(e) => settled::expired(&mailer, &e, recorded),
            Event::RequestWithdrawn(e) => settled::withdrawn(&mailer, &e),
            Event::RequestApproved(e) => settled::approved(&mailer, &e),
            Event::DecommissionApproved(e) => settled::decommission_approved(&mailer, &e, recorded),
            Event::RequestRejected(e) => settled::rejected(&mailer, &e, recorded),
            Event::RequestFulfilled(e) => outcome::fulfilled(&mailer, e, recorded),
            Event::RequestFailed(e) => outcome::failed(&mailer, e, recorded),
            Event::RequestCancelRequested(e) => outcome::cancel_requested(&mailer, &e, recorded),
            Event::VmDecommissionRequested(e) => outcome::decommission_requested(&mailer, &e, recorded),
            Event::VmGoneConfirmed(e) => outcome::gone_confirmed(&mailer, &e, recorded),
            Event::VmDecommissionFailed(e) => outcome::decommission_failed(&mailer, &e),
            _ => Err(Failure::permanent("unexpected-event", "no mail belongs to this event")),
        };
        Ok(json!({ "outcome": if skipped? { "skipped" } else { "told" } }))
    }
}

/// Name of the person whose deputy acted, as a fact of a mail: the host inserts it. An empty list:
/// a person acted for themselves.
fn represented(on_behalf_of_id: Option<&String>) -> Value {
    match on_behalf_of_id {
        Some(id) => json!({ "x-eaf-people": People::actor(id) }),
        None => json!([]),
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
        "decommission": spec.decommission.is_some(),
        "term_months": spec.term_months,
        "monthly_cents": spec.monthly_cents,
        "currency": spec.currency,
        "trace_id": recorded.trace_id,
    })
}
