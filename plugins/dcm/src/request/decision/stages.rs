//! View of the stages that have opened: one row per request and stage. Mails and deadlines ask the
//! view whether a stage is still open.

use crate::Event;
use crate::permission::{APPROVE, AUDIT, DECIDE, OPERATE, REQUEST};
use crate::request::view::{Requests, request_of};
use eaf_sdk::{Column, ReadRule, Recorded, Rows, View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    pub status: Status,
    pub terminal: bool,
    pub request_id: String,
    pub requester_id: String,
    /// Key of the stage in the request's plan.
    pub stage: String,
    pub opened_at: i64,
    /// Time when the present step of the stage's deadline is over, in milliseconds since 1970;
    /// `None`: no deadline runs.
    pub due_at: Option<i64>,
    pub ended_at: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Open,
    Passed,
    /// The approval ended, or began again on a new revision, before the stage passed.
    Ended,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Open => "open",
            Status::Passed => "passed",
            Status::Ended => "ended",
        }
    }
}

/// Key of a stage's row.
pub fn key(request: &str, stage: &str) -> String {
    format!("{request}/{stage}")
}

pub struct Stages;

impl View for Stages {
    type Event = Event;
    type Row = Row;

    const NAME: &'static str = "stages";
    const VERSION: u16 = 2;
    const COLUMNS: &'static [Column] = &[
        Column::text("status").filter(),
        Column::boolean("terminal").filter(),
        Column::text("request_id").filter(),
        Column::text("requester_id"),
        Column::text("stage"),
        Column::timestamp("opened_at").sort(),
        Column::timestamp("due_at").sort(),
        Column::timestamp("ended_at"),
    ];
    const READ: &'static [ReadRule] = &[
        ReadRule::all(APPROVE),
        ReadRule::all(OPERATE),
        ReadRule::all(AUDIT),
        ReadRule::own(REQUEST, "requester_id"),
        ReadRule::through(DECIDE, "request_id", Requests::NAME),
    ];
    const EVENTS: &'static [&'static str] = &[
        "stage-opened",
        "stage-escalated",
        "stage-reassigned",
        "stage-passed",
        "question-asked",
        "question-answered",
        "changes-proposed",
        "changes-declined",
        "request-revised",
        "request-withdrawn",
        "request-rejected",
        "request-expired",
    ];

    fn keys(event: &Event, recorded: &Recorded) -> Vec<String> {
        let Some(request) = request_of(recorded) else { return Vec::new() };
        match event {
            Event::StageOpened(e) => vec![key(&request, &e.stage)],
            Event::StageEscalated(e) => vec![key(&request, &e.stage)],
            Event::StageReassigned(e) => vec![key(&request, &e.stage)],
            Event::StagePassed(e) => vec![key(&request, &e.stage)],
            Event::QuestionAsked(e) => e.left_ms.keys().map(|stage| key(&request, stage)).collect(),
            Event::QuestionAnswered(e) => e.due_at.keys().map(|stage| key(&request, stage)).collect(),
            Event::ChangesProposed(e) => e.left_ms.keys().map(|stage| key(&request, stage)).collect(),
            Event::ChangesDeclined(e) => e.due_at.keys().map(|stage| key(&request, stage)).collect(),
            _ => closed(event).iter().map(|stage| key(&request, stage)).collect(),
        }
    }

    fn project(event: &Event, recorded: &Recorded, rows: &mut Rows<Row>) {
        match event {
            Event::StageOpened(e) => {
                let row = Row {
                    status: Status::Open,
                    terminal: false,
                    request_id: e.request_id.clone(),
                    requester_id: e.requester_id.clone(),
                    stage: e.stage.clone(),
                    opened_at: recorded.at,
                    due_at: e.due_at,
                    ended_at: None,
                };
                rows.put(&key(&e.request_id, &e.stage), row);
            }
            Event::StageEscalated(e) => set_due(rows, &key(&e.request_id, &e.stage), e.due_at),
            Event::StageReassigned(e) => set_due(rows, &key(&e.request_id, &e.stage), e.due_at),
            Event::QuestionAsked(e) => pause(rows, &e.request_id, &e.left_ms),
            Event::QuestionAnswered(e) => resume(rows, &e.request_id, &e.due_at),
            Event::ChangesProposed(e) => pause(rows, &e.request_id, &e.left_ms),
            Event::ChangesDeclined(e) => resume(rows, &e.request_id, &e.due_at),
            Event::StagePassed(e) => end(rows, &key(&e.request_id, &e.stage), Status::Passed, recorded.at),
            _ => {
                let Some(request) = request_of(recorded) else { return };
                closed(event).iter().for_each(|stage| end(rows, &key(&request, stage), Status::Ended, recorded.at));
            }
        }
    }
}

/// Keys of the stages that were open when the approval ended or began again.
fn closed(event: &Event) -> &[String] {
    match event {
        Event::RequestRevised(e) => &e.closed_stages,
        Event::RequestWithdrawn(e) => &e.closed_stages,
        Event::RequestRejected(e) => &e.closed_stages,
        Event::RequestExpired(e) => &e.closed_stages,
        _ => &[],
    }
}

fn pause(rows: &mut Rows<Row>, request: &str, left_ms: &BTreeMap<String, i64>) {
    left_ms.keys().for_each(|stage| set_due(rows, &key(request, stage), None));
}

fn resume(rows: &mut Rows<Row>, request: &str, due_at: &BTreeMap<String, i64>) {
    due_at.iter().for_each(|(stage, due)| set_due(rows, &key(request, stage), Some(*due)));
}

fn set_due(rows: &mut Rows<Row>, key: &str, due_at: Option<i64>) {
    if let Some(row) = rows.change(key) {
        row.due_at = due_at;
    }
}

fn end(rows: &mut Rows<Row>, key: &str, status: Status, at: i64) {
    if let Some(row) = rows.change(key) {
        (row.status, row.terminal, row.ended_at) = (status, true, Some(at));
    }
}
