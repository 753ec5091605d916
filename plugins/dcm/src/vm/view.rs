//! View of the machines, as vCenter last reported them.

use super::confirm_gone::{self, ConfirmGone};
use super::decommission::{self, DecommissionVm};
use super::event::{VmDecommissioned, VmProvisioned, VmRefreshed};
use super::refresh::{self, RefreshVm};
use super::{Access, GONE, OTHER_VCENTER, Status, VmFacts, in_one_line};
use crate::Event;
use crate::permission::{APPROVE, AUDIT, OPERATE, REQUEST};
use crate::provisioning::stall;
use eaf_sdk::{Column, Context, Message, People, ReadRule, Recorded, RowActions, Rows, Thing, View};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    pub status: Status,
    pub terminal: bool,
    pub name: String,
    /// Name of the machine in vCenter; `None` if it is the requested name.
    pub vcenter_name: Option<String>,
    /// State in vCenter of a machine that has a problem: disconnected, inaccessible, orphaned,
    /// invalid or template; `None`: the machine has no problem.
    pub state: Option<String>,
    pub power: String,
    pub ip: Option<String>,
    pub cpus: u32,
    pub memory_mb: u64,
    pub offering: String,
    pub offering_name: String,
    pub image: String,
    /// Usual protocol for access to the machine's system; `None` for an unknown system.
    pub access: Option<Access>,
    pub term_months: u32,
    pub monthly_cents: i64,
    pub currency: String,
    pub requester_id: String,
    pub requester_name: Option<String>,
    pub created_at: i64,
    pub refreshed_at: i64,
    pub refresh_requested_at: Option<i64>,
    pub refresh_failed_at: Option<i64>,
    pub refresh_error_code: Option<String>,
    pub step: Option<String>,
    pub stalled_since: Option<i64>,
    pub stalled_code: Option<String>,
    pub stalled_message: Option<String>,
    pub failed_step: Option<String>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub trace_id: String,
    /// Actor id of the person who last decommissioned the machine; `None`: no person has
    /// decommissioned the machine.
    pub decommissioned_by_id: Option<String>,
    pub decommissioned_by_name: Option<String>,
    pub decommissioned_at: Option<i64>,
    /// Names of copies of the machine: other machines in vCenter that carry the same marker and
    /// were not removed. `None`: there are no copies.
    pub copies: Option<String>,
    /// Id of the request to decommission the machine that waits for a decision; `None`: none waits.
    pub decommission_request_id: Option<String>,
    pub decommission_requested_at: Option<i64>,
}

pub struct Vms;

impl View for Vms {
    type Event = Event;
    type Row = Row;

    const NAME: &'static str = "vms";
    const COLUMNS: &'static [Column] = &[
        Column::text("status").filter().sort(),
        Column::boolean("terminal").filter(),
        Column::text("name").filter().sort().search(),
        Column::text("vcenter_name").filter().search(),
        Column::text("state").filter(),
        Column::text("power").filter().sort(),
        Column::text("ip").filter().search(),
        Column::integer("cpus").sort(),
        Column::integer("memory_mb").sort(),
        Column::text("offering").filter(),
        Column::text("offering_name"),
        Column::text("image"),
        Column::text("access"),
        Column::integer("term_months"),
        Column::integer("monthly_cents").sort(),
        Column::text("currency"),
        Column::text("requester_id").filter(),
        Column::text("requester_name").sort().search(),
        Column::timestamp("created_at").sort(),
        Column::timestamp("refreshed_at").sort(),
        Column::timestamp("refresh_requested_at"),
        Column::timestamp("refresh_failed_at"),
        Column::text("refresh_error_code"),
        Column::text("step"),
        Column::timestamp("stalled_since"),
        Column::text("stalled_code"),
        Column::text("stalled_message"),
        Column::text("failed_step"),
        Column::text("error_code"),
        Column::text("error_message"),
        Column::text("trace_id"),
        Column::text("decommissioned_by_id").filter(),
        Column::text("decommissioned_by_name"),
        Column::timestamp("decommissioned_at"),
        Column::text("copies"),
        Column::text("decommission_request_id"),
        Column::timestamp("decommission_requested_at"),
    ];
    const READ: &'static [ReadRule] =
        &[ReadRule::all(APPROVE), ReadRule::all(OPERATE), ReadRule::all(AUDIT), ReadRule::own(REQUEST, "requester_id")];
    const EVENTS: &'static [&'static str] = &[
        "vm-provisioned",
        "vm-refresh-requested",
        "vm-refreshed",
        "vm-refresh-failed",
        "vm-decommission-awaited",
        "vm-decommission-not-approved",
        "vm-decommission-requested",
        "vm-decommissioned",
        "vm-decommission-failed",
        "vm-gone-confirmed",
        "step-started",
        "stalled",
        "resumed",
    ];
    const THING: Option<Thing> = Some(Thing { name: "name", streams: &["vm"], named: &["vm-name"] });

    fn keys(_: &Event, recorded: &Recorded) -> Vec<String> {
        vm_of(recorded).into_iter().collect()
    }

    fn project(event: &Event, recorded: &Recorded, rows: &mut Rows<Row>) {
        let Some(key) = vm_of(recorded) else { return };
        if let Event::VmProvisioned(provisioned) = event {
            return rows.put(&key, begin(provisioned, recorded));
        }
        if let Some(row) = rows.change(&key) {
            advance(row, event, recorded);
        }
    }

    fn actions(key: &str, row: &Row, ctx: &Context) -> RowActions {
        let facts = VmFacts {
            status: row.status,
            requester_id: &row.requester_id,
            failed_code: row.error_code.as_deref(),
            is_decision_awaited: row.decommission_request_id.is_some(),
        };
        let offers = match waiting_on(row) {
            Some(message) => RowActions::waiting_on(message),
            None => RowActions::idle(),
        };
        let body = json!({ "vm": key });
        offers
            .offer::<RefreshVm>(ctx, refresh::can_refresh(ctx, &facts), body.clone())
            .offer::<DecommissionVm>(ctx, decommission::can_decommission(ctx, &facts), body.clone())
            .offer::<ConfirmGone>(ctx, confirm_gone::can_confirm_gone(&facts), body)
    }
}

/// Id of the machine to whose stream an event belongs; `None` if the event is in another stream.
/// The steps of a build are events of the request, not of the machine.
pub fn vm_of(recorded: &Recorded) -> Option<String> {
    recorded.stream.strip_prefix("vm/").map(Into::into)
}

fn begin(provisioned: &VmProvisioned, recorded: &Recorded) -> Row {
    let vm = provisioned.clone();
    Row {
        status: Status::Active,
        terminal: false,
        name: vm.name,
        vcenter_name: None,
        state: None,
        power: vm.power,
        ip: vm.ip,
        cpus: vm.cpus,
        memory_mb: vm.memory_mb,
        offering: vm.offering,
        offering_name: vm.offering_name,
        access: Access::of(&vm.image),
        image: vm.image,
        term_months: vm.term_months,
        monthly_cents: vm.monthly_cents,
        currency: vm.currency,
        requester_id: vm.requester_id,
        requester_name: vm.requester_name.into_option(),
        created_at: recorded.at,
        refreshed_at: recorded.at,
        refresh_requested_at: None,
        refresh_failed_at: None,
        refresh_error_code: None,
        step: None,
        stalled_since: None,
        stalled_code: None,
        stalled_message: None,
        failed_step: None,
        error_code: None,
        error_message: None,
        trace_id: recorded.trace_id.clone(),
        decommissioned_by_id: None,
        decommissioned_by_name: None,
        decommissioned_at: None,
        copies: None,
        decommission_request_id: None,
        decommission_requested_at: None,
    }
}

fn advance(row: &mut Row, event: &Event, recorded: &Recorded) {
    match event {
        Event::VmRefreshRequested(_) => {
            row.refresh_requested_at = Some(recorded.at);
            (row.refresh_failed_at, row.refresh_error_code) = (None, None);
        }
        Event::VmRefreshed(e) => row.refreshed(e, recorded.at),
        Event::VmRefreshFailed(e) => {
            row.refresh_requested_at = None;
            row.resume();
            row.refresh_failed_at = Some(recorded.at);
            row.refresh_error_code = Some(e.code.clone());
            // The failure of a removal is more important, so a refresh does not replace it.
            if row.status == Status::Active {
                row.fail(&e.code, &e.message, &recorded.trace_id);
            }
        }
        Event::VmDecommissionAwaited(e) => {
            row.decommission_request_id = Some(e.request_id.clone());
            row.decommission_requested_at = Some(recorded.at);
        }
        Event::VmDecommissionNotApproved(_) => {
            (row.decommission_request_id, row.decommission_requested_at) = (None, None);
        }
        Event::VmDecommissionRequested(e) => row.take_down(&e.by_id, e.by_name.to_option()),
        Event::VmGoneConfirmed(e) => row.take_down(&e.by_id, e.by_name.to_option()),
        Event::StepStarted(e) => row.step = Some(e.step.as_str().into()),
        Event::VmDecommissioned(e) => row.decommissioned(e, recorded.at),
        Event::VmDecommissionFailed(e) => {
            row.status = Status::DecommissionFailed;
            row.failed_step = Some(e.step.clone());
            row.resume();
            row.fail(&e.code, &e.message, &e.trace_id);
            if e.code == GONE {
                row.missing(recorded.at);
            }
        }
        Event::Stalled(e) => {
            row.stalled_since = Some(recorded.at);
            row.stalled_code = Some(e.code.clone());
            row.stalled_message = Some(e.message.clone());
        }
        Event::Resumed(_) => row.resume(),
        _ => {}
    }
}

impl Row {
    fn refreshed(&mut self, seen: &VmRefreshed, at: i64) {
        self.vcenter_name = seen.vcenter_name.clone().filter(|name| *name != self.name);
        self.state = seen.state.clone().filter(|state| state != "connected");
        self.power.clone_from(&seen.power);
        self.ip.clone_from(&seen.ip);
        self.cpus = seen.cpus.unwrap_or(self.cpus);
        self.memory_mb = seen.memory_mb.unwrap_or(self.memory_mb);
        self.refreshed_at = at;
        self.refresh_requested_at = None;
        (self.refresh_failed_at, self.refresh_error_code) = (None, None);
        if self.status == Status::Active {
            (self.error_code, self.error_message) = (None, None);
        }
    }

    fn decommissioned(&mut self, gone: &VmDecommissioned, at: i64) {
        self.status = Status::Decommissioned;
        self.terminal = true;
        self.power = "missing".into();
        self.copies = in_one_line(&gone.copies);
        (self.ip, self.step, self.state) = (None, None, None);
        self.resume();
        self.refresh_requested_at = None;
        self.decommissioned_at = Some(at);
    }

    fn take_down(&mut self, by_id: &str, by_name: Option<String>) {
        self.status = Status::Decommissioning;
        (self.decommission_request_id, self.decommission_requested_at) = (None, None);
        self.decommissioned_by_id = Some(by_id.into());
        self.decommissioned_by_name = by_name;
        (self.step, self.refresh_failed_at, self.refresh_error_code) = (None, None, None);
        (self.failed_step, self.error_code, self.error_message) = (None, None, None);
        self.resume();
    }

    /// Records in the row that vCenter does not have the machine.
    fn missing(&mut self, at: i64) {
        self.power = "missing".into();
        (self.ip, self.state) = (None, None);
        self.refreshed_at = at;
    }

    fn resume(&mut self) {
        (self.stalled_since, self.stalled_code, self.stalled_message) = (None, None, None);
    }

    fn fail(&mut self, code: &str, message: &str, trace: &str) {
        self.error_code = Some(code.into());
        self.error_message = Some(message.into());
        self.trace_id = trace.into();
    }
}

/// Message that says for what a machine waits, a step or a person; `None` if it waits for nothing.
pub fn waiting_on(row: &Row) -> Option<Message> {
    if row.status == Status::Decommissioned {
        return None;
    }
    if let Some(at) = row.stalled_since {
        return Some(stall::waiting(at, row.stalled_code.as_deref().unwrap_or_default()));
    }
    let step = row.step.clone().unwrap_or_default();
    Some(match row.status {
        Status::Decommissioning => Message::new("decommissioning").param("step", step),
        Status::DecommissionFailed if row.error_code.as_deref() == Some(GONE) => {
            Message::new("confirm-gone").param("people", People::who_may(OPERATE))
        }
        Status::DecommissionFailed if row.error_code.as_deref() == Some(OTHER_VCENTER) => {
            Message::new("confirm-elsewhere").param("people", People::who_may(OPERATE))
        }
        Status::DecommissionFailed => Message::new("decommission-retry")
            .param("step", row.failed_step.clone().unwrap_or_default())
            .param("code", row.error_code.clone().unwrap_or_default())
            .param("people", People::who_may(OPERATE)),
        Status::Active if row.decommission_requested_at.is_some() => {
            Message::new("decommission-awaited").param("since", row.decommission_requested_at)
        }
        Status::Active | Status::Decommissioned => match (row.refresh_requested_at, row.refresh_failed_at) {
            (Some(at), _) => Message::new("refreshing").param("since", at),
            (None, Some(at)) => Message::new("refresh-failed")
                .param("since", at)
                .param("code", row.refresh_error_code.clone().unwrap_or_default()),
            (None, None) => match &row.state {
                Some(state) => Message::new("in-another-state").param("state", state.clone()),
                None if row.power == "missing" => {
                    Message::new("not-in-vcenter").param("people", People::who_may(OPERATE))
                }
                None => Message::new("in-use"),
            },
        },
    })
}
