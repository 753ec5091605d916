//! View of the months: how many requests had which outcome, how long people took to decide, and by
//! how much the cost of the machines changed. The charts of the home page show these rows.

use crate::Event;
use crate::permission::{APPROVE, AUDIT, OPERATE};
use crate::policy::approval::HOUR_MS;
use eaf_sdk::{Column, ReadRule, Recorded, Rows, View};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Upper limits of the classes of `decided_within`, in hours. A last class has the longer times.
pub const WITHIN_HOURS: [i64; 5] = [1, 4, 24, 72, 168];

/// Counts of one month, in UTC.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Row {
    pub status: String,
    pub terminal: bool,
    /// Month, as `2026-11`.
    pub month: String,
    pub submitted: u32,
    /// Requests that people approved.
    pub approved: u32,
    /// Requests that were approved without a decision.
    pub auto_approved: u32,
    pub rejected: u32,
    pub expired: u32,
    pub withdrawn: u32,
    pub fulfilled: u32,
    pub cancelled: u32,
    pub decommissioned: u32,
    /// Number of decisions of people by the time from the submission to the decision, in the
    /// classes of `WITHIN_HOURS`.
    pub decided_within: [u32; WITHIN_HOURS.len() + 1],
    /// Change of the cost of all machines per month, in integer cents, by currency.
    pub cost_change: BTreeMap<String, i64>,
}

pub struct Months;

impl View for Months {
    type Event = Event;
    type Row = Row;

    const NAME: &'static str = "months";
    const COLUMNS: &'static [Column] = &[
        Column::text("status"),
        Column::boolean("terminal"),
        Column::text("month").sort(),
        Column::integer("submitted"),
        Column::integer("approved"),
        Column::integer("auto_approved"),
        Column::integer("rejected"),
        Column::integer("expired"),
        Column::integer("withdrawn"),
        Column::integer("fulfilled"),
        Column::integer("cancelled"),
        Column::integer("decommissioned"),
        Column::json("decided_within"),
        Column::json("cost_change"),
    ];
    const READ: &'static [ReadRule] = &[ReadRule::all(APPROVE), ReadRule::all(OPERATE), ReadRule::all(AUDIT)];
    const EVENTS: &'static [&'static str] = &[
        "request-submitted",
        "request-approved",
        "request-auto-approved",
        "decommission-approved",
        "request-rejected",
        "request-expired",
        "request-withdrawn",
        "request-fulfilled",
        "request-cancelled",
        "vm-provisioned",
        "vm-decommissioned",
    ];

    fn keys(_: &Event, recorded: &Recorded) -> Vec<String> {
        month(recorded.at).into_iter().collect()
    }

    fn project(event: &Event, recorded: &Recorded, rows: &mut Rows<Row>) {
        let Some(month) = month(recorded.at) else { return };
        let mut row = rows.get(&month).cloned().unwrap_or_else(|| Row::of(&month));
        row.count(event, recorded.at);
        rows.put(&month, row);
    }
}

impl Row {
    fn of(month: &str) -> Self {
        Row { status: "recorded".into(), terminal: true, month: month.into(), ..Row::default() }
    }

    fn count(&mut self, event: &Event, at: i64) {
        match event {
            Event::RequestSubmitted(_) => self.submitted += 1,
            Event::RequestApproved(e) => {
                self.approved += 1;
                self.decided(e.submitted_at, at);
            }
            Event::RequestAutoApproved(_) => self.auto_approved += 1,
            Event::DecommissionApproved(e) if e.approver_id.is_some() => {
                self.approved += 1;
                self.decided(Some(e.submitted_at), at);
            }
            Event::DecommissionApproved(_) => self.auto_approved += 1,
            Event::RequestRejected(e) => {
                self.rejected += 1;
                self.decided(e.submitted_at, at);
            }
            Event::RequestExpired(_) => self.expired += 1,
            Event::RequestWithdrawn(_) => self.withdrawn += 1,
            Event::RequestFulfilled(_) => self.fulfilled += 1,
            Event::RequestCancelled(_) => self.cancelled += 1,
            Event::VmProvisioned(e) => self.change_cost(&e.currency, e.monthly_cents),
            Event::VmDecommissioned(e) => {
                self.decommissioned += 1;
                self.change_cost(&e.currency, -e.monthly_cents);
            }
            _ => {}
        }
    }

    /// Counts the time that a decision took, if the event says when the request was submitted.
    fn decided(&mut self, submitted_at: Option<i64>, at: i64) {
        let Some(submitted_at) = submitted_at else { return };
        let took = at - submitted_at;
        let class = WITHIN_HOURS.iter().position(|hours| took <= hours * HOUR_MS).unwrap_or(WITHIN_HOURS.len());
        self.decided_within[class] += 1;
    }

    fn change_cost(&mut self, currency: &str, cents: i64) {
        if currency.is_empty() {
            return;
        }
        let change = self.cost_change.entry(currency.into()).or_default();
        *change = change.saturating_add(cents);
    }
}

/// Month of a time in UTC; `None` for a time outside the years that can be computed.
fn month(at: i64) -> Option<String> {
    Timestamp::from_millisecond(at).ok().map(|time| time.strftime("%Y-%m").to_string())
}
