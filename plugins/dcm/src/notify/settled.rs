//! Mails at the end of an approval: to the requester, and to the people who were asked to decide.

use super::ask::APPROVAL_REQUESTED;
use super::{Skipped, facts, represented};
use crate::request::Status;
use crate::request::approvals::Approvals;
use crate::request::event::{
    DecommissionApproved, RequestApproved, RequestAutoApproved, RequestExpired, RequestRejected, RequestWithdrawn,
};
use eaf_sdk::{Recorded, flow};
use eaf_sdk_mail::{Condition, Mailer, Recipient};
use serde_json::json;

pub(super) fn auto_approved(mailer: &Mailer, e: &RequestAutoApproved) -> Skipped {
    let settled = Settled { id: &e.request_id, vm_name: &e.spec.vm_name, by: "", on_behalf_of_id: None };
    settled.send(mailer, Status::Approved, &e.requester_id)
}

pub(super) fn expired(mailer: &Mailer, e: &RequestExpired, recorded: &Recorded) -> Skipped {
    let settled = Settled { id: &e.request_id, vm_name: &e.spec.vm_name, by: "", on_behalf_of_id: None };
    let facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    // The requester's mail is first, so that it does not wait for other mailboxes.
    let requester = mailer.send("request-expired", Recipient::Actor(&e.requester_id), &facts);
    let others = settled.send(mailer, Status::Expired, &e.requester_id);
    let sent = requester?;
    others?;
    Ok(sent.skipped)
}

pub(super) fn withdrawn(mailer: &Mailer, e: &RequestWithdrawn) -> Skipped {
    let settled =
        Settled { id: &e.request_id, vm_name: &e.vm_name, by: e.requester_name.as_str(), on_behalf_of_id: None };
    settled.send(mailer, Status::Withdrawn, &e.requester_id)
}

/// The approval stays valid, whatever the build has done when the mail is sent.
pub(super) fn approved(mailer: &Mailer, e: &RequestApproved) -> Skipped {
    let settled = Settled {
        id: &e.request_id,
        vm_name: &e.spec.vm_name,
        by: e.approver_name.as_str(),
        on_behalf_of_id: e.on_behalf_of_id.as_ref(),
    };
    settled.send(mailer, Status::Approved, &e.approver_id)
}

pub(super) fn decommission_approved(mailer: &Mailer, e: &DecommissionApproved, recorded: &Recorded) -> Skipped {
    let by = e.approver_name.as_ref().map(|name| name.as_str()).unwrap_or_default();
    let settled =
        Settled { id: &e.request_id, vm_name: &e.spec.vm_name, by, on_behalf_of_id: e.on_behalf_of_id.as_ref() };
    let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    facts["vm_id"] = json!(e.spec.decommission.as_ref().map(|machine| &machine.vm_id));
    facts["approver_name"] = by.into();
    facts["represented"] = represented(e.on_behalf_of_id.as_ref());
    // The requester's mail is first, so that it does not wait for other mailboxes.
    let requester = mailer.send("decommission-approved", Recipient::Actor(&e.requester_id), &facts);
    let others = settled.send(mailer, Status::Approved, e.approver_id.as_deref().unwrap_or(&e.requester_id));
    let sent = requester?;
    others?;
    Ok(sent.skipped)
}

pub(super) fn rejected(mailer: &Mailer, e: &RequestRejected, recorded: &Recorded) -> Skipped {
    let settled = Settled {
        id: &e.request_id,
        vm_name: &e.spec.vm_name,
        by: e.approver_name.as_str(),
        on_behalf_of_id: e.on_behalf_of_id.as_ref(),
    };
    let mut facts = facts(&e.request_id, e.requester_name.as_str(), &e.spec, recorded);
    facts["reason"] = e.reason.as_str().into();
    facts["approver_name"] = e.approver_name.as_str().into();
    facts["represented"] = represented(e.on_behalf_of_id.as_ref());
    // The requester's mail is first, so that it does not wait for other mailboxes.
    let requester = mailer.send("request-rejected", Recipient::Actor(&e.requester_id), &facts);
    let others = settled.send(mailer, Status::Rejected, &e.approver_id);
    let sent = requester?;
    others?;
    Ok(sent.skipped)
}

/// Request that was decided or withdrawn, with the name of the person who did so.
struct Settled<'a> {
    id: &'a str,
    vm_name: &'a str,
    by: &'a str,
    /// Actor id of the person whose deputy did so.
    on_behalf_of_id: Option<&'a String>,
}

impl Settled<'_> {
    /// Sends one mail to each approver who was asked to decide, except the person who settled the
    /// request.
    fn send(&self, mailer: &Mailer, status: Status, by_id: &str) -> Skipped {
        let row = flow::read::<Approvals>(self.id)?;
        let Some(row) = row else { return Ok(true) };
        let Some(asked) = row.shown.asked else { return Ok(true) };
        let facts = json!({
            "request_id": self.id, "vm_name": self.vm_name, "by_name": self.by, "status": status,
            "represented": represented(self.on_behalf_of_id),
        });
        let to = asked.with_deputies().except(by_id).into();
        let settled = Condition::on::<Approvals>(self.id, "status", status);
        // The mail that asked about a further line of an order was sent by the run of line 1.
        let is_further = row.order.order_line.is_some_and(|line| line > 1);
        let was_asked = if is_further { settled } else { settled.after(APPROVAL_REQUESTED) };
        mailer.send_while("request-settled", to, &facts, &was_asked).map(|sent| sent.skipped)
    }
}
