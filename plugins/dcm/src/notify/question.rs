//! Mails of a question to the requester, and of the answer to the people who asked.

use super::{Skipped, facts, represented};
use crate::request::Status;
use crate::request::approvals::Approvals;
use crate::request::decision::event::{QuestionAnswered, QuestionAsked};
use crate::request::decision::shown::Awaited;
use crate::request::view::Requests;
use eaf_sdk::{People, Recorded};
use eaf_sdk_mail::{Condition, Mailer, Recipient};

/// Sends the question to the requester while it is unanswered.
pub(super) fn asked(mailer: &Mailer, e: &QuestionAsked, recorded: &Recorded) -> Skipped {
    let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    facts["approver_name"] = e.approver_name.as_str().into();
    facts["represented"] = represented(e.on_behalf_of_id.as_ref());
    facts["question"] = e.question.as_str().into();
    let waits = Condition::on::<Requests>(&e.request_id, "awaited", Awaited::Requester);
    let to = Recipient::Actor(&e.requester_id);
    mailer.send_while("question-asked", to, &facts, &waits).map(|sent| sent.skipped)
}

/// Sends the answer to the people who asked, while the request is undecided.
pub(super) fn answered(mailer: &Mailer, e: &QuestionAnswered, recorded: &Recorded) -> Skipped {
    let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    facts["answer"] = e.answer.as_str().into();
    facts["due_at"] = e.due_at.values().min().copied().into();
    let pending = Condition::on::<Approvals>(&e.request_id, "status", Status::Pending);
    let people = e.asked_by.iter().fold(People::default(), |people, actor| people.or(People::actor(actor)));
    mailer.send_while("question-answered", people.into(), &facts, &pending).map(|sent| sent.skipped)
}
