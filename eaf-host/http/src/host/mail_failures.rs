//! `GET /api/host/mail-failures`: mails that failed, or whose arrival is unknown. Only an admin can
//! have them sent again ([`super::mail_resend`]).

use super::{instant, page_schema, record};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::messages;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use eaf_core::actor::Locale;
use eaf_core::directory::Member;
use eaf_core::id::ActorId;
use eaf_core::mail_log::{self, LoggedMail, MailFilter, Status};
use serde_json::{Value, json};

const NEWEST: u32 = 100;
/// Code for a mail that waits for the daily digest of its recipient.
pub(super) const COLLECTED: &str = "mail-collected";

pub fn operation() -> Operation {
    let item = item(
        json!({ "state": { "enum": ["failed", "unknown"], "description": "unknown: the mail may have arrived." } }),
    );
    let doc = Entry::new("host.mail-failures", "host", "The newest mails that could not be delivered")
        .answers("200", "At most 100.", page_schema(item))
        .refuses(&[Code::PermissionMissing]);
    Operation {
        method: "get",
        path: "/api/host/mail-failures",
        access: Access::mails("mail.list-failures"),
        route: get(list),
        doc: doc.done(),
    }
}

async fn list(State(app): State<App>, who: TenantCaller) -> Result<Json<Value>, Problem> {
    let tenant = who.caller.tenant;
    let found = mail_log::list(&app.core.db, tenant, MailFilter::Failed, NEWEST)
        .await
        .map_err(|cause| Problem::fault(Code::Internal, &cause))?;
    let recipients: Vec<ActorId> = found.iter().map(|logged| logged.mail.recipient).collect();
    let members = app.core.directory.members_among(tenant, &recipients).await?;
    let items: Vec<Value> = found.iter().map(|logged| shown(logged, &members, who.caller.locale)).collect();
    Ok(Json(json!({ "items": items, "next": null })))
}

/// JSON Schema of a mail in a list, with `more` members that the list adds.
pub(super) fn item(more: Value) -> Value {
    let mut members = json!({
        "message_id": { "type": "string" },
        "plugin": { "type": "string" },
        "template": { "type": "string" },
        "run": { "type": "string", "format": "uuid" },
        "recipient": { "type": "string", "format": "uuid" },
        "recipient_name": { "type": ["string", "null"] },
        "connection": { "type": ["string", "null"], "description": "The connection of the last attempt." },
        "error": { "type": "string", "description": "A code, optionally followed by details." },
        "error_text": { "type": "string", "description": "The error as one sentence." },
        "attempts": { "type": "integer" },
        "created_at": { "type": "string", "format": "date-time" },
        "updated_at": { "type": "string", "format": "date-time" },
        "trace_id": { "type": "string" },
    });
    if let (Some(members), Value::Object(more)) = (members.as_object_mut(), more) {
        members.extend(more);
    }
    record(members)
}

fn shown(logged: &LoggedMail, members: &[Member], locale: Locale) -> Value {
    let mut mail = described(logged, members, locale);
    mail["state"] = if logged.status == Status::Unknown { "unknown" } else { "failed" }.into();
    mail
}

pub(super) fn described(logged: &LoggedMail, members: &[Member], locale: Locale) -> Value {
    let error = match &logged.status {
        Status::Failed(error) | Status::Pending(Some(error)) | Status::Collected(Some(error)) => error.as_str(),
        Status::Unknown => "answer-lost",
        Status::Pending(None) => "waiting",
        Status::Collected(None) => COLLECTED,
        Status::Sent | Status::Skipped | Status::TurnedOff => "",
    };
    let recipient = members.iter().find(|member| member.actor == logged.mail.recipient);
    json!({
        "message_id": logged.mail.message_id,
        "plugin": logged.mail.plugin,
        "template": logged.mail.template,
        "run": logged.mail.run,
        "recipient": logged.mail.recipient,
        "recipient_name": recipient.map(|member| &member.name),
        "connection": logged.connection,
        "error": error,
        "error_text": messages::failure(error, locale),
        "attempts": logged.attempts,
        "created_at": instant(logged.created_at),
        "updated_at": instant(logged.updated_at),
        "trace_id": logged.mail.trace,
    })
}
