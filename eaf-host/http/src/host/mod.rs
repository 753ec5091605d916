//! What the host itself shows to a tenant's administrators and auditors: connections, mails, runs, audit.

pub mod audit;
pub mod audit_acts;
pub mod audit_csv;
pub mod audit_proof;
pub mod audit_row;
mod audit_words;
pub mod connection_delete;
pub mod connection_get;
pub mod connection_list;
pub mod connection_put;
mod connection_shown;
pub mod connection_test;
pub mod connection_trial;
pub mod connection_types;
mod draft;
pub mod draft_choices;
pub mod draft_test;
pub mod mail_again;
pub mod mail_failures;
pub mod mail_pauses;
pub mod mail_queue;
pub mod products;
pub mod run;
pub mod runs;
pub mod test_limit;

use super::code::Code;
use super::problem::Problem;
use serde_json::{Value, json};
use std::str::FromStr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const PAGE: u32 = 50;

pub(super) fn instant(at: OffsetDateTime) -> Option<String> {
    at.format(&Rfc3339).ok()
}

/// For the document; a cursor is what an answer gave, and anything else may be refused.
pub(super) const CURSOR: &str = "^1[0-9]{18}~[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

/// `<instant>~<id>` of the last item of a page.
fn cursor<Id: std::fmt::Display>(at: OffsetDateTime, id: Id) -> String {
    format!("{}~{id}", at.unix_timestamp_nanos())
}

fn parse_cursor<Id: FromStr>(text: &str) -> Result<(OffsetDateTime, Id), Problem> {
    let parsed = || {
        let (at, id) = text.split_once('~')?;
        let at = OffsetDateTime::from_unix_timestamp_nanos(at.parse().ok()?).ok()?;
        // No run is older, and the database's calendar ends.
        let is_ours = (1970..10_000).contains(&at.year());
        Some((at, id.parse().ok()?)).filter(|_| is_ours)
    };
    parsed().ok_or_else(|| Problem::parameter("cursor", "invalid"))
}

/// A capability's and a connection's name: nothing that could be mistaken for something else in an audit row.
pub(super) fn checked_name(name: &str) -> Result<&str, Problem> {
    if eaf_core::id::is_name(name) { Ok(name) } else { Err(Problem::new(Code::NotFound)) }
}

/// An object of which every member is always there.
pub(super) fn record(properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(|members| members.keys()).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

pub(super) fn page_schema(item: Value) -> Value {
    json!({
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": { "type": "array", "items": item },
            "next": { "type": ["string", "null"], "description": "The cursor of the next page." },
        },
    })
}

fn connection_fault(cause: eaf_core::connection::Error) -> Problem {
    match cause {
        eaf_core::connection::Error::Db(cause) => cause.into(),
        cause => Problem::fault(Code::Internal, &cause),
    }
}
