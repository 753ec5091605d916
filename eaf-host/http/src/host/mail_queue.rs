//! `GET /api/host/mail-queue`: waiting mails, with reason and time of the next attempt, and the
//! paused mail connections. `POST …/send` retries all waiting mails now.

use super::mail_failures::{described, item};
use super::{instant, record};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Doc, Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use eaf_core::id::ActorId;
use eaf_core::mail_log::{self, MailFilter};
use eaf_core::{mail_pause, workflow};
use serde_json::{Value, json};

const NEWEST: u32 = 100;

pub fn operation() -> Operation {
    let next =
        json!({ "type": ["string", "null"], "format": "date-time", "description": "The time of the next attempt." });
    let pause = record(json!({
        "connection": { "type": "string" },
        "paused_at": { "type": "string", "format": "date-time" },
    }));
    let answer = record(json!({
        "items": { "type": "array", "items": item(json!({ "next_at": next })) },
        "pauses": { "type": "array", "items": pause },
    }));
    let doc = Entry::new("host.mail-queue", "host", "The newest mails that wait to be sent")
        .answers("200", "At most 100.", answer)
        .refuses(&[Code::PermissionMissing]);
    Operation {
        method: "get",
        path: "/api/host/mail-queue",
        access: Access::mails("mail.list-waiting"),
        route: get(list),
        doc: doc.done(),
    }
}

pub fn send_operation() -> Operation {
    let doc =
        Entry::new("host.mail-queue.send", "host", "Send all waiting mails now").refuses(&[Code::PermissionMissing]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "The mails are being sent." });
    Operation {
        method: "post",
        path: "/api/host/mail-queue/send",
        access: Access::mails("mail.send-waiting"),
        route: post(send),
        doc: Doc::One(doc),
    }
}

async fn list(State(app): State<App>, who: TenantCaller) -> Result<Json<Value>, Problem> {
    let tenant = who.caller.tenant;
    let found = mail_log::list(&app.core.db, tenant, MailFilter::Pending, NEWEST).await.map_err(fault)?;
    let recipients: Vec<ActorId> = found.iter().map(|logged| logged.mail.recipient).collect();
    let members = app.core.directory.members_among(tenant, &recipients).await?;
    let items = found.iter().map(|logged| {
        let mut mail = described(logged, &members, who.caller.locale);
        mail["next_at"] = logged.next_at.or(logged.collected_for).and_then(instant).into();
        mail
    });
    let items: Vec<Value> = items.collect();
    let pauses =
        mail_pause::list(&app.core.db, tenant).await.map_err(|cause| Problem::fault(Code::Internal, &cause))?;
    let pauses =
        pauses.iter().map(|pause| json!({ "connection": pause.connection, "paused_at": instant(pause.paused_at) }));
    Ok(Json(json!({ "items": items, "pauses": pauses.collect::<Vec<_>>() })))
}

async fn send(State(app): State<App>, who: TenantCaller) -> Result<StatusCode, Problem> {
    who.record(&app, "mail.send-waiting", "mail", "ok").await?;
    retry_now(&app, &who).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes all waiting mails due, and wakes the runs that wait for them.
pub(super) async fn retry_now(app: &App, who: &TenantCaller) -> Result<(), Problem> {
    let tenant = who.caller.tenant;
    let mut tx = app.core.db.tenant(tenant).await?;
    mail_log::retry_now(&mut tx).await.map_err(fault)?;
    tx.commit().await?;
    workflow::wake_calls(&app.core.db, &app.core.feed, tenant, "mail", app.core.ambient.now())
        .await
        .map_err(super::runs::fault)?;
    Ok(())
}

pub(super) fn fault(cause: mail_log::Error) -> Problem {
    match cause {
        mail_log::Error::Db(cause) => cause.into(),
        cause => Problem::fault(Code::Internal, &cause),
    }
}
