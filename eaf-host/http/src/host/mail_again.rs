//! `POST /api/host/mail-failures/send-again`: a mail that was given up, or may have arrived, once more. What
//! the mail was stands in the journal of its run. It is sent also when nobody waits for the answer any more.

use super::mail_queue::{fault, hurry};
use super::test_limit::Full;
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
use eaf_capability::{Call, Provider};
use eaf_core::Core;
use eaf_core::id::TenantId;
use eaf_core::mail_log::{self, LoggedMail, Status};
use eaf_core::workflow::{self, EndedRun, Journal};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout_at};

const CAPABILITY: &str = "mail";
const UNDER_WAY: &str = "mail-under-way";
const BEING_SENT: &str = "mail-being-sent";
/// So long a page waits for what comes of it.
const SHOWN: Duration = if cfg!(test) { Duration::from_millis(300) } else { Duration::from_secs(20) };
/// Longer than all steps of a conversation with one mail may take.
const LONGEST: Duration = Duration::from_secs(3_000);
/// Nobody works any more on a mail that has waited for so long after its call.
const ABANDONED: Duration = Duration::from_secs(3_600);
/// Failures that a scanner of networks would tell apart by the time that they take.
const UNREACHED: [&str; 2] = ["unreachable", "token-unreachable"];

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
    let journal = Journal::new(&app.core.db, &app.core.keyring);
    let run = workflow::find_ended(&app.core.db, &journal, tenant, logged.mail.run).await;
    let run = run.map_err(runs::fault)?.ok_or_else(unknown)?;
    let entry = entry_of(&run, &logged).ok_or_else(unknown)?;
    if run.is_open && !entry.is_done() {
        // The call still works on its other mails, and would end without this one.
        hurry(&app, &who).await?;
        return Ok(Json(told("waiting", Some(UNDER_WAY), &who)));
    }
    let provider = app.providers.get(CAPABILITY).ok_or_else(unknown)?.clone();
    let running = app.tests.begin(tenant, app.core.world.now());
    let _until_it_is_answered = running.map_err(|Full(wait)| Problem::new(Code::TooManyTests).retry_after(wait))?;
    who.record(&app, "mail.send-again", id, "ok").await?;
    // Requests of colleagues do not wait for a mail server.
    who.work = None;
    if mail_log::requeue(&app.core.db, tenant, id, ABANDONED).await.map_err(fault)? {
        let again = Again { core: app.core.clone(), call: call_of(&run, entry, &logged, tenant), item: id.to_owned() };
        answered(tokio::spawn(async move { again.run(provider.as_ref()).await })).await?;
    }
    let now = mail_log::find(&app.core.db, tenant, id).await.map_err(fault)?.ok_or_else(unknown)?;
    Ok(Json(shown(&now, &who)))
}

/// Until the mail is settled, or for so long. What is no mail server says so after one time, whatever it is.
async fn answered(again: JoinHandle<Result<Option<String>, mail_log::Error>>) -> Result<(), Problem> {
    let over = Instant::now() + SHOWN;
    // It goes on when nobody waits for it.
    let Ok(ended) = timeout_at(over, again).await else { return Ok(()) };
    let error = ended.map_err(|cause| Problem::fault(Code::Internal, &cause))?.map_err(fault)?;
    if error.is_some_and(|code| UNREACHED.contains(&code.as_str())) {
        sleep_until(over).await;
    }
    Ok(())
}

/// The call that the mail was written for.
fn entry_of<'a>(run: &'a EndedRun, logged: &LoggedMail) -> Option<&'a workflow::Entry> {
    let is_it = |entry: &&workflow::Entry| {
        entry.capability == CAPABILITY && entry.args["template"] == logged.mail.template.as_str()
    };
    let is_to = |entry: &&workflow::Entry| match entry.args["to"]["actor"].as_str() {
        Some(actor) => actor == logged.mail.recipient.to_string(),
        None => true,
    };
    let its_own = |entry: &&workflow::Entry| entry.sequence == logged.mail.sequence && is_it(entry);
    run.entries.iter().find(its_own).or_else(|| run.entries.iter().find(|entry| is_it(entry) && is_to(entry)))
}

fn call_of(run: &EndedRun, entry: &workflow::Entry, logged: &LoggedMail, tenant: TenantId) -> Call {
    Call {
        tenant,
        plugin: run.plugin.clone(),
        run: logged.mail.run,
        event: run.event,
        sequence: entry.sequence,
        idempotency_key: entry.idempotency_key.clone(),
        grant: entry.grant.clone().unwrap_or_default(),
        scope: Value::Null,
        function: entry.function.clone(),
        args: entry.args.clone(),
        trace: run.trace.clone(),
    }
}

/// A mail that is sent without its caller: a server may let each step wait for minutes.
struct Again {
    core: Arc<Core>,
    call: Call,
    item: String,
}

impl Again {
    /// By the provider, as it would do it for the run. What comes of it stands in the mail log; a failure's code is
    /// the answer.
    async fn run(&self, provider: &dyn Provider) -> Result<Option<String>, mail_log::Error> {
        let tried = tokio::time::timeout(LONGEST, provider.repeat_item(&self.call, &self.item)).await;
        let code = match tried {
            Ok(Ok(_)) => return Ok(None),
            Ok(Err(failure)) => failure.code,
            Err(_) => "no-answer".to_owned(),
        };
        tracing::warn!(code, message_id = self.item, "a mail was sent again in vain");
        let now = mail_log::find(&self.core.db, self.call.tenant, &self.item).await?;
        if let Some(now) = now.filter(|now| matches!(now.status, Status::Pending(_))) {
            let status = if now.unanswered > 0 { Status::Unknown } else { Status::Failed(code.clone()) };
            mail_log::set_status(&self.core.db, self.call.tenant, &self.item, &status, None).await?;
        }
        Ok(Some(code))
    }
}

fn shown(logged: &LoggedMail, who: &TenantCaller) -> Value {
    let (state, error) = match &logged.status {
        Status::Sent => ("sent", None),
        Status::Pending(_) => ("waiting", Some(BEING_SENT)),
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
