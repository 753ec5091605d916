//! Operations of the host for a tenant's administrators and auditors: members, invitations, groups,
//! roles, connections, mails, runs, settings, audit.

pub mod audit;
pub mod audit_acts;
pub mod audit_csv;
pub mod audit_proof;
pub mod audit_row;
mod audit_words;
pub mod connection_delete;
pub mod connection_effect_test;
pub mod connection_get;
pub mod connection_list;
pub mod connection_put;
mod connection_shown;
pub mod connection_test;
pub mod connection_types;
mod draft;
pub mod draft_choices;
pub mod draft_test;
pub mod group_delete;
pub mod group_list;
pub mod group_member;
pub mod group_members;
pub mod group_put;
pub mod invitation;
pub mod invitation_add;
pub mod invitation_list;
pub mod invitation_mail;
pub mod invitation_withdraw;
pub mod mail_failures;
pub mod mail_pauses;
pub mod mail_queue;
pub mod mail_resend;
pub mod member_delete;
pub mod member_deputy;
pub mod member_get;
pub mod member_list;
pub mod member_open_items;
pub mod member_put;
pub(super) mod member_shown;
pub mod products;
pub mod role_list;
pub mod run;
pub mod runs;
pub mod settings;
pub mod settings_history;
pub mod settings_put;
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

/// Pattern of a list's cursor in the OpenAPI document; see [`cursor`].
pub(super) const CURSOR: &str = "^1[0-9]{18}~[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

/// Cursor of the page that begins after an item: `<instant>~<id>` of that item, with the instant in
/// nanoseconds since 1970.
fn cursor<Id: std::fmt::Display>(at: OffsetDateTime, id: Id) -> String {
    format!("{}~{id}", at.unix_timestamp_nanos())
}

fn parse_cursor<Id: FromStr>(text: &str) -> Result<(OffsetDateTime, Id), Problem> {
    let parsed = || {
        let (at, id) = text.split_once('~')?;
        let at = OffsetDateTime::from_unix_timestamp_nanos(at.parse().ok()?).ok()?;
        // Accept only years from 1970 to 9999, which the database can store.
        let is_in_range = (1970..10_000).contains(&at.year());
        Some((at, id.parse().ok()?)).filter(|_| is_in_range)
    };
    parsed().ok_or_else(|| Problem::parameter("cursor", "invalid"))
}

/// Pattern of a text of one line: no control characters, so no NUL.
pub(super) const LINE: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";

/// Removes the white space around a text of the body, before its length is checked.
pub(super) fn trim(body: &mut Value, member: &str) {
    if let Some(Value::String(text)) = body.get_mut(member) {
        *text = text.trim().to_owned();
    }
}

/// Checks the form of a name in a request's path, so that the name is safe in an audit row. No
/// stored name has another form, so the response to such a name is 404.
pub(super) fn checked_name(name: &str) -> Result<&str, Problem> {
    if eaf_core::id::is_name(name) { Ok(name) } else { Err(Problem::new(Code::NotFound)) }
}

/// JSON Schema of an object whose members are all required.
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

fn store_problem(cause: eaf_core::connection::Error) -> Problem {
    match cause {
        eaf_core::connection::Error::Db(cause) => cause.into(),
        cause => Problem::fault(Code::Internal, &cause),
    }
}
