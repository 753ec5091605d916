//! View of the machines of each requester, with sums of size and cost, for the people who decide on
//! a request. They may read it only while such a request is open.
//!
//! A row contains each machine's size besides the sums, because the event that ends a machine
//! contains only the machine's id.

use crate::Event;
use crate::permission::{APPROVE, AUDIT, DECIDE, OPERATE, REQUEST};
use crate::request::approvals::Approvals;
use eaf_sdk::{Column, ReadRule, Recorded, Rows, View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// Status of the row. It is always `active`: a requester without machines has a row too, so
    /// that a missing row never looks like a requester without machines.
    pub status: String,
    pub terminal: bool,
    pub requester_id: String,
    pub requester_name: Option<String>,
    pub vms: i64,
    pub cpus: i64,
    pub memory_mb: i64,
    pub monthly_cents: i64,
    pub currency: String,
    /// Machines of the person, by the machine's id.
    pub machines: BTreeMap<String, Machine>,
    pub updated_at: i64,
}

/// Machine with the size that vCenter last reported, at the price of the request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Machine {
    pub name: String,
    pub cpus: u32,
    pub memory_mb: u64,
    pub monthly_cents: i64,
}

pub struct Requesters;

impl View for Requesters {
    type Event = Event;
    type Row = Row;

    const NAME: &'static str = "requesters";
    const VERSION: u16 = 2;
    const COLUMNS: &'static [Column] = &[
        Column::text("status").filter(),
        Column::boolean("terminal").filter(),
        Column::text("requester_id").filter(),
        Column::text("requester_name").sort(),
        Column::integer("vms").sort(),
        Column::integer("cpus").sort(),
        Column::integer("memory_mb").sort(),
        Column::integer("monthly_cents").sort(),
        Column::text("currency"),
        Column::json("machines"),
        Column::timestamp("updated_at").sort(),
    ];
    const READ: &'static [ReadRule] = &[
        ReadRule::all(APPROVE),
        ReadRule::all(OPERATE),
        ReadRule::all(AUDIT),
        ReadRule::own(REQUEST, "requester_id"),
        ReadRule::while_open(DECIDE, "requester_id", Approvals::NAME, "requester_id"),
    ];
    const EVENTS: &'static [&'static str] =
        &["request-submitted", "vm-provisioned", "vm-refreshed", "vm-decommissioned"];

    fn keys(event: &Event, _: &Recorded) -> Vec<String> {
        match event {
            Event::RequestSubmitted(e) => vec![e.requester_id.clone()],
            Event::VmProvisioned(e) => vec![e.requester_id.clone()],
            Event::VmRefreshed(e) => vec![e.requester_id.clone()],
            Event::VmDecommissioned(e) => vec![e.requester_id.clone()],
            _ => Vec::new(),
        }
    }

    fn project(event: &Event, recorded: &Recorded, rows: &mut Rows<Row>) {
        match event {
            Event::RequestSubmitted(e) if rows.get(&e.requester_id).is_none() => {
                let mut row = nothing(&e.requester_id);
                row.requester_name = e.requester_name.to_option();
                row.currency.clone_from(&e.spec.currency);
                row.updated_at = recorded.at;
                rows.put(&e.requester_id, row);
            }
            Event::VmProvisioned(e) => {
                let mut row = rows.get(&e.requester_id).cloned().unwrap_or_else(|| nothing(&e.requester_id));
                row.requester_name = e.requester_name.to_option();
                row.currency.clone_from(&e.currency);
                let (name, cpus, memory_mb) = (e.name.clone(), e.cpus, e.memory_mb);
                let machine = Machine { name, cpus, memory_mb, monthly_cents: e.monthly_cents };
                row.machines.insert(e.vm_id.clone(), machine);
                row.add_up(recorded.at);
                rows.put(&e.requester_id, row);
            }
            Event::VmRefreshed(e) => {
                let Some(row) = rows.change(&e.requester_id) else { return };
                let Some(machine) = row.machines.get_mut(&e.vm_id) else { return };
                machine.cpus = e.cpus.unwrap_or(machine.cpus);
                machine.memory_mb = e.memory_mb.unwrap_or(machine.memory_mb);
                row.add_up(recorded.at);
            }
            Event::VmDecommissioned(e) => {
                let Some(row) = rows.change(&e.requester_id) else { return };
                row.machines.remove(&e.vm_id);
                row.add_up(recorded.at);
            }
            _ => {}
        }
    }
}

impl Row {
    fn add_up(&mut self, at: i64) {
        self.vms = self.machines.len() as i64;
        self.cpus = self.machines.values().map(|machine| i64::from(machine.cpus)).sum();
        self.memory_mb = self.machines.values().map(|machine| machine.memory_mb as i64).sum();
        self.monthly_cents = self.machines.values().map(|machine| machine.monthly_cents).sum();
        self.updated_at = at;
    }
}

fn nothing(requester_id: &str) -> Row {
    Row {
        status: "active".into(),
        terminal: false,
        requester_id: requester_id.into(),
        requester_name: None,
        vms: 0,
        cpus: 0,
        memory_mb: 0,
        monthly_cents: 0,
        currency: String::new(),
        machines: BTreeMap::new(),
        updated_at: 0,
    }
}
