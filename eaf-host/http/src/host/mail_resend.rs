//! `POST /api/host/mail-failures/send-again`: sends a mail again if it failed or if its arrival is
//! unknown. The mail's content comes from the journal of the run that created the mail. The mail is
//! sent even if the caller disconnects.

use super::mail_failures::COLLECTED;
use super::mail_queue::{fault, retry_now};
use super::test_limit::RateLimited;
use super::{record, runs};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::messages;
use crate::operation::{Entry, Operation};
use crate::problem::{FieldProblem, Problem};
use axum::Json;
use axum::extract::{Request, State};
use axum::routing::post;
use eaf_capability::{Call, Class, Failure, Granted, HostCode, Provider};
use eaf_core::Core;
use eaf_core::capability::granted::{self, Resolution, resolve};
use eaf_core::id::TenantId;
use eaf_core::mail_log::{self, LoggedMail, Status};
use eaf_core::workflow::{self, EndedRun};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout_at};

const CAPABILITY: &str = "mail";
/// Code for a mail that this operation does not send, because the mail's call still runs and
/// retries the mail itself.
const CALL_RUNNING: &str = "mail-under-way";
/// Code for a mail that is still being sent when the response is due.
const BEING_SENT: &str = "mail-being-sent";
/// Maximum time that the response waits for the outcome of the resend.
const RESPONSE_TIMEOUT: Duration = if cfg!(test) { Duration::from_millis(300) } else { Duration::from_secs(20) };
/// Time-out of the resend, above all time-outs of one mail's SMTP session.
const SEND_TIMEOUT: Duration = Duration::from_secs(3_000);
/// Age at which a pending mail counts as abandoned by the call that was to send it.
const ABANDONED_AFTER: Duration = Duration::from_secs(3_600);
/// Codes of failures whose response is delayed to [`RESPONSE_TIMEOUT`], so that the duration
/// reveals nothing about the network.
const UNREACHED: [&str; 2] = ["mail-unreachable", "token-unreachable"];

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
    let doc = Entry::new("host.mail-failures.send-again", "host", "Send a failed mail again")
        .body(body)
        .answers("200", "The state of the mail.", answer)
        .refuses(&[
            Code::MalformedJson,
            Code::PermissionMissing,
            Code::ProductNotEnabled,
            Code::NotFound,
            Code::TooManyTests,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::BodyInvalid,
        ]);
    let path = "/api/host/mail-failures/send-again";
    Operation {
        method: "post",
        path,
        access: Access::mails("mail.send-again"),
        route: post(send_again),
        doc: doc.done(),
    }
}

async fn send_again(State(app): State<App>, mut who: TenantCaller, request: Request) -> Result<Json<Value>, Problem> {
    let body = who.read_json(&app, request).await?;
    let id = body["message_id"].as_str().filter(|id| (1..=400).contains(&id.len()) && !id.contains('\0'));
    let missing = || Problem::new(Code::BodyInvalid).errors(vec![FieldProblem::new("/message_id", "required")]);
    let id = id.ok_or_else(missing)?;
    let tenant = who.caller.tenant;
    let unknown = || Problem::new(Code::NotFound);
    let logged = mail_log::find(&app.core.db, tenant, id).await.map_err(fault)?.ok_or_else(unknown)?;
    if !who.has(&logged.mail.plugin) {
        return Err(Problem::new(Code::ProductNotEnabled).with("product", logged.mail.plugin));
    }
    let run = workflow::find_ended(&app.core.db, &app.core.journal, tenant, logged.mail.run).await;
    let run = run.map_err(runs::fault)?.ok_or_else(unknown)?;
    let entry = entry_of(&run, &logged).ok_or_else(unknown)?;
    if run.is_open && !entry.is_done() {
        // The call still runs for its other mails: let it retry this one.
        retry_now(&app, &who).await?;
        return Ok(Json(document("waiting", Some(CALL_RUNNING), &who)));
    }
    let provider = app.providers.get(CAPABILITY).ok_or_else(unknown)?.clone();
    let permit = app.tests.acquire(tenant, app.core.ambient.now());
    let _permit = permit.map_err(|RateLimited(wait)| Problem::new(Code::TooManyTests).retry_after(wait))?;
    who.record(&app, "mail.send-again", id, "ok").await?;
    // Release the tenant's permit: the mail server may be slow.
    who.permit = None;
    if mail_log::requeue(&app.core.db, tenant, id, ABANDONED_AFTER).await.map_err(fault)? {
        let resend =
            Resend { core: app.core.clone(), call: call_of(&run, entry, &logged, tenant), item: id.to_owned() };
        wait_for(tokio::spawn(async move { resend.run(provider.as_ref()).await })).await?;
    }
    let now = mail_log::find(&app.core.db, tenant, id).await.map_err(fault)?.ok_or_else(unknown)?;
    Ok(Json(shown(&now, &who)))
}

/// Waits for the resend, at most [`RESPONSE_TIMEOUT`].
async fn wait_for(resend: JoinHandle<Result<Option<String>, mail_log::Error>>) -> Result<(), Problem> {
    let deadline = Instant::now() + RESPONSE_TIMEOUT;
    // The task continues after the time-out.
    let Ok(ended) = timeout_at(deadline, resend).await else { return Ok(()) };
    let error = ended.map_err(|cause| Problem::fault(Code::Internal, &cause))?.map_err(fault)?;
    if error.is_some_and(|code| UNREACHED.contains(&code.as_str())) {
        sleep_until(deadline).await;
    }
    Ok(())
}

/// Journal entry of the call that created the mail; `None`: the journal has no such call.
fn entry_of<'a>(run: &'a EndedRun, logged: &LoggedMail) -> Option<&'a workflow::Entry> {
    let has_template = |entry: &&workflow::Entry| {
        entry.capability == CAPABILITY && entry.args["template"] == logged.mail.template.as_str()
    };
    let has_recipient = |entry: &&workflow::Entry| match entry.args["to"]["actor"].as_str() {
        Some(actor) => actor == logged.mail.recipient.to_string(),
        None => true,
    };
    let has_sequence = |entry: &&workflow::Entry| entry.sequence == logged.mail.sequence && has_template(entry);
    run.entries
        .iter()
        .find(has_sequence)
        .or_else(|| run.entries.iter().find(|entry| has_template(entry) && has_recipient(entry)))
}

fn call_of(run: &EndedRun, entry: &workflow::Entry, logged: &LoggedMail, tenant: TenantId) -> Call {
    Call {
        tenant,
        plugin: run.plugin.clone(),
        run: logged.mail.run,
        event: run.event,
        sequence: entry.sequence,
        idempotency_key: entry.idempotency_key.clone(),
        granted: Granted::without_connection(entry.grant.as_deref().unwrap_or_default()),
        function: entry.function.clone(),
        args: entry.args.clone(),
        trace: run.trace.clone(),
    }
}

/// Resend of a mail. It runs as a task of its own, because a mail server may delay each step by
/// minutes.
struct Resend {
    core: Arc<Core>,
    call: Call,
    item: String,
}

impl Resend {
    /// Repeats the mail over the connection of the call's grant, if the call is still permitted.
    async fn repeat(&self, provider: &dyn Provider) -> Result<Value, Failure> {
        let Call { tenant, plugin, granted: Granted { name, .. }, .. } = &self.call;
        let resolved = resolve(&self.core.db, &self.core.connections, *tenant, plugin, CAPABILITY, name).await;
        let granted = match resolved.map_err(|error| unreadable(&error))? {
            Resolution::Granted(granted) => *granted,
            Resolution::Denied(denial) => return Err(denial.failure(CAPABILITY, name)),
            Resolution::Inactive(_) => {
                return Err(Failure::new(Class::Denied, HostCode::ProductInactive, "the product is not active"));
            }
        };
        provider.repeat_item(&Call { granted, ..self.call.clone() }, &self.item).await
    }

    /// Sends the mail by the provider, as the run's call would. The mail log gets the outcome.
    /// Returns the code of the failure; `None`: there was no failure.
    async fn run(&self, provider: &dyn Provider) -> Result<Option<String>, mail_log::Error> {
        let sent = tokio::time::timeout(SEND_TIMEOUT, self.repeat(provider)).await;
        let code = match sent {
            Ok(Ok(_)) => return Ok(None),
            Ok(Err(failure)) => failure.code,
            Err(_) => HostCode::NoAnswer.as_str().to_owned(),
        };
        tracing::warn!(code, message_id = self.item, "a mail could not be sent again");
        let now = mail_log::find(&self.core.db, self.call.tenant, &self.item).await?;
        if let Some(now) = now.filter(|now| matches!(now.status, Status::Pending(_))) {
            let status = if now.unanswered > 0 { Status::Unknown } else { Status::Failed(code.clone()) };
            mail_log::set_status(&self.core.db, self.call.tenant, &self.item, &status, None).await?;
        }
        Ok(Some(code))
    }
}

fn unreadable(error: &granted::Error) -> Failure {
    tracing::error!(error = error as &dyn std::error::Error, "the grant of a mail could not be read");
    Failure::new(Class::Transient, HostCode::DirectoryUnreadable, "the host's own store could not be reached")
}

fn shown(logged: &LoggedMail, who: &TenantCaller) -> Value {
    let (state, error) = match &logged.status {
        Status::Sent => ("sent", None),
        Status::Pending(_) => ("waiting", Some(BEING_SENT)),
        Status::Collected(error) => ("waiting", Some(error.as_deref().unwrap_or(COLLECTED))),
        Status::Failed(error) => ("failed", Some(error.as_str())),
        Status::Unknown => ("unknown", Some("answer-lost")),
        Status::Skipped | Status::TurnedOff => ("skipped", None),
    };
    document(state, error, who)
}

fn document(state: &str, error: Option<&str>, who: &TenantCaller) -> Value {
    let text = error.map(|error| messages::failure(error, who.caller.locale));
    json!({ "state": state, "error": error, "error_text": text })
}
