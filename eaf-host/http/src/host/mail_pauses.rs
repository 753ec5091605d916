//! `PUT` and `DELETE /api/host/mail-queue/pauses/{connection}`: pauses or resumes a mail
//! connection. Mails over a paused connection wait.

use super::checked_name;
use super::mail_queue::retry_now;
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Doc, Entry, Operation};
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, put};
use eaf_core::{audit, mail_pause};
use serde_json::json;

const PATH: &str = "/api/host/mail-queue/pauses/{connection}";

pub fn put_operation() -> Operation {
    Operation {
        method: "put",
        path: PATH,
        access: Access::mails("mail.pause"),
        route: put(pause),
        doc: doc("host.mail-pause.put", "Pause a mail connection"),
    }
}

pub fn delete_operation() -> Operation {
    let doc = doc("host.mail-pause.delete", "Resume a mail connection");
    Operation { method: "delete", path: PATH, access: Access::mails("mail.resume"), route: delete(resume), doc }
}

fn doc(id: &str, summary: &str) -> Doc {
    let doc = Entry::new(id, "host", summary)
        .path("connection", "The mail connection's name.")
        .refuses(&[Code::PermissionMissing, Code::NotFound]);
    let mut doc = doc.build();
    doc["responses"]["204"] = json!({ "description": "Done." });
    Doc::One(doc)
}

async fn pause(
    State(app): State<App>,
    who: TenantCaller,
    Path(connection): Path<String>,
) -> Result<StatusCode, Problem> {
    let (mut tx, entry) = begin(&app, &who, &connection, "mail.pause").await?;
    mail_pause::begin(&mut tx, &connection, who.caller.actor).await.map_err(fault)?;
    audit::record(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn resume(
    State(app): State<App>,
    who: TenantCaller,
    Path(connection): Path<String>,
) -> Result<StatusCode, Problem> {
    let (mut tx, entry) = begin(&app, &who, &connection, "mail.resume").await?;
    mail_pause::end(&mut tx, &connection).await.map_err(fault)?;
    audit::record(&mut tx, &entry).await?;
    tx.commit().await?;
    retry_now(&app, &who).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn begin(
    app: &App,
    who: &TenantCaller,
    connection: &str,
    act: &str,
) -> Result<(eaf_core::db::TenantTx, audit::Entry), Problem> {
    let object = format!("mail/{}", checked_name(connection)?);
    let entry = audit::Entry {
        actor: who.caller.actor,
        act: act.into(),
        object,
        outcome: "ok".into(),
        trace: who.caller.trace.clone(),
    };
    Ok((app.core.db.tenant(who.caller.tenant).await?, entry))
}

fn fault(cause: mail_pause::Error) -> Problem {
    match cause {
        mail_pause::Error::Db(cause) => cause.into(),
        cause => Problem::fault(Code::Internal, &cause),
    }
}
