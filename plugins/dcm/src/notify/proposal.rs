//! Mails of proposed changes to the requester, and of the answer to the person who proposed them.

use super::{Skipped, facts, represented};
use crate::request::decision::event::{ChangesConfirmed, ChangesDeclined, ChangesProposed};
use crate::request::decision::shown::Awaited;
use crate::request::view::Requests;
use eaf_sdk::Recorded;
use eaf_sdk_mail::{Condition, Mailer, Recipient};

/// Sends the proposal to the requester while it is unanswered.
pub(super) fn proposed(mailer: &Mailer, e: &ChangesProposed, recorded: &Recorded) -> Skipped {
    let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    facts["approver_name"] = e.approver_name.as_str().into();
    facts["represented"] = represented(e.on_behalf_of_id.as_ref());
    facts["comment"] = e.comment.as_str().into();
    facts["proposed_offering"] = e.changes.offering_name.clone().into();
    facts["proposed_cpus"] = e.changes.cpus.into();
    facts["proposed_memory_gb"] = e.changes.memory_gb.into();
    facts["proposed_term_months"] = e.changes.term_months.into();
    facts["proposed_cents"] = e.proposed_cents.into();
    let waits = Condition::on::<Requests>(&e.request_id, "awaited", Awaited::Requester);
    let to = Recipient::Actor(&e.requester_id);
    mailer.send_while("changes-proposed", to, &facts, &waits).map(|sent| sent.skipped)
}

pub(super) fn confirmed(mailer: &Mailer, e: &ChangesConfirmed, recorded: &Recorded) -> Skipped {
    let facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    mailer.send("changes-confirmed", Recipient::Actor(&e.proposer_id), &facts).map(|sent| sent.skipped)
}

pub(super) fn declined(mailer: &Mailer, e: &ChangesDeclined, recorded: &Recorded) -> Skipped {
    let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    facts["answer"] = e.answer.as_ref().map(|answer| answer.as_str()).into();
    facts["due_at"] = e.due_at.values().min().copied().into();
    mailer.send("changes-declined", Recipient::Actor(&e.proposer_id), &facts).map(|sent| sent.skipped)
}
