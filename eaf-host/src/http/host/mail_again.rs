//! `POST /api/host/mail-failures/send-again`: a mail that was given up, or may have arrived, once more. What
//! the mail was stands in the journal of its run.

use super::mail_queue::{fault, hurry};
use super::{record, runs};
use crate::capabilities::Call;
use crate::http::App;
use crate::http::caller::TenantCaller;
use crate::http::code::Code;
use crate::http::messages;
use crate::http::operation::{Entry, Operation};
use crate::http::problem::{FieldProblem, Problem};
use axum::Json;
use axum::extract::{Request, State};
use axum::routing::post;
use eaf_core::mail_log::{self, Logged, Status};
use eaf_core::workflow::{self, PastRun};
use serde_json::{Value, json};

const CAPABILITY: &str = "mail";
const UNDER_WAY: &str = "mail-under-way";

pub fn operation() -> Operation {
    let body = json!({
        "type": "object",
        "required": ["message_id"],
        "additionalProperties": false,
        "properties": { "message_id": { "type": "string", "minLength": 1, "maxLength": 400 } },
    });
    let answer = record(json!({
        "state": { "enum": ["sent", "waiting", "failed", "unknown", "skipped"] },
        "error": { "type": ["string", "null"] },
        "error_text": { "type": ["string", "null"], "description": "One sentence." },
    }));
    let doc = Entry::new("host.mail-failures.send-again", "host", "Send a mail again that was given up")
        .body(body)
        .answers("200", "What became of it.", answer)
        .refuses(&[
            Code::MalformedJson,
            Code::PermissionMissing,
            Code::NotFound,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::BodyInvalid,
        ]);
    let path = "/api/host/mail-failures/send-again";
    Operation { method: "post", path, route: post(send_again), doc: doc.done() }
}

async fn send_again(State(app): State<App>, mut who: TenantCaller, request: Request) -> Result<Json<Value>, Problem> {
    who.require(&app, "host.mail-failures", "mail.send-again", "mail").await?;
    let body = who.read_json(&app, request).await?;
    let id = body["message_id"].as_str().filter(|id| (1..=400).contains(&id.len()) && !id.contains('\0'));
    let missing = || Problem::new(Code::BodyInvalid).errors(vec![FieldProblem::new("/message_id", "required")]);
    let id = id.ok_or_else(missing)?;
    let tenant = who.caller.tenant;
    let unknown = || Problem::new(Code::NotFound);
    let logged = mail_log::find(&app.core, tenant, id).await.map_err(fault)?.ok_or_else(unknown)?;
    let run = workflow::past(&app.core, tenant, logged.mail.run).await.map_err(runs::fault)?.ok_or_else(unknown)?;
    let is_it = |entry: &&workflow::Entry| {
        entry.capability == CAPABILITY && entry.args["template"] == logged.mail.template.as_str()
    };
    let entry = run.entries.iter().find(is_it).ok_or_else(unknown)?;
    if run.is_open && entry.state != workflow::State::Done {
        // The call still works on its other mails, and would end without this one.
        hurry(&app, &who).await?;
        return Ok(Json(told("waiting", Some(UNDER_WAY), &who)));
    }
    who.record(&app, "mail.send-again", id, "ok").await?;
    if mail_log::reopen(&app.core, tenant, id).await.map_err(fault)? {
        sent(&app, &who, &logged, &run, entry).await?;
    }
    let now = mail_log::find(&app.core, tenant, id).await.map_err(fault)?.ok_or_else(unknown)?;
    Ok(Json(shown(&now, &who)))
}

/// By the provider, as it would do it for the run. What comes of it stands in the mail log.
async fn sent(
    app: &App,
    who: &TenantCaller,
    logged: &Logged,
    run: &PastRun,
    entry: &workflow::Entry,
) -> Result<(), Problem> {
    let provider = app.providers.get(CAPABILITY).ok_or_else(|| Problem::new(Code::NotFound))?;
    let call = Call {
        tenant: who.caller.tenant,
        plugin: run.plugin.clone(),
        run: logged.mail.run,
        event: run.event,
        sequence: entry.seq,
        idempotency_key: entry.idempotency_key.clone(),
        grant: entry.grant.clone().unwrap_or_default(),
        scope: Value::Null,
        function: entry.function.clone(),
        args: entry.args.clone(),
        trace: run.trace.clone(),
    };
    if let Err(failure) = provider.again(&call, &logged.mail.message_id).await {
        tracing::warn!(code = failure.code, message_id = logged.mail.message_id, "a mail was sent again in vain");
        let status = Status::Failed(failure.code);
        let tenant = who.caller.tenant;
        let now = mail_log::find(&app.core, tenant, &logged.mail.message_id).await.map_err(fault)?;
        if now.is_some_and(|now| matches!(now.status, Status::Pending(_))) {
            mail_log::mark(&app.core, tenant, &logged.mail.message_id, &status, None).await.map_err(fault)?;
        }
    }
    Ok(())
}

fn shown(logged: &Logged, who: &TenantCaller) -> Value {
    let (state, error) = match &logged.status {
        Status::Sent => ("sent", None),
        Status::Pending(error) => ("waiting", error.as_deref()),
        Status::Failed(error) => ("failed", Some(error.as_str())),
        Status::Unknown => ("unknown", Some("answer-lost")),
        Status::Skipped => ("skipped", None),
    };
    told(state, error, who)
}

fn told(state: &str, error: Option<&str>, who: &TenantCaller) -> Value {
    let text = error.map(|error| messages::failure(error, who.caller.locale));
    json!({ "state": state, "error": error, "error_text": text })
}
