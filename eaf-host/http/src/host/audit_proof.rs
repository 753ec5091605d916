//! `POST /api/host/audit/proof`: verifies the hash chain of the tenant's log, as `eaf verify` does.
//!
//! The response is JSON lines: progress first, because a large log takes long, then the report.

use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use crate::slots::Permit;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use eaf_core::verify::{self, Report};
use futures_util::stream;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Interval of the lines that report the progress of the verification.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);
/// Time-out of the verification; `eaf verify` has none.
const VERIFY_TIMEOUT: Duration = Duration::from_secs(10 * 60);

pub fn operation() -> Operation {
    let doc = Entry::new("host.audit.proof", "host", "Verify the hash chain of the log")
        .answers_as(
            "200",
            "JSON lines: `{\"events\", \"of\"}` as progress, then `{\"report\"}`, or `{\"failed\"}` with a code.",
            "application/x-ndjson",
            json!({ "type": "string" }),
        )
        .refuses(&[Code::PermissionMissing]);
    Operation {
        method: "post",
        path: "/api/host/audit/proof",
        access: Access::audit("audit.prove"),
        route: post(prove),
        doc: doc.done(),
    }
}

async fn prove(State(app): State<App>, mut who: TenantCaller) -> Result<Response, Problem> {
    let tenant = who.caller.tenant;
    let slot = app.exports.acquire(tenant, who.caller.actor);
    let slot = slot.ok_or_else(|| Problem::new(Code::TooManyRequests))?;
    let of =
        verify::last_position(&app.core.db, tenant).await.map_err(|cause| Problem::fault(Code::Internal, &cause))?;
    who.record(&app, "audit.prove", "audit", "ok").await?;
    // Release the tenant's permit: the verification may take long.
    who.permit = None;
    let (progress, events) = watch::channel(0);
    let mut task = JoinSet::new();
    let core = app.core.clone();
    task.spawn(async move {
        let verification = verify::verify(&core.db, tenant, |events| progress.send_modify(|so_far| *so_far += events));
        tokio::time::timeout(VERIFY_TIMEOUT, verification).await
    });
    let proof = Proof { app, who, of, events, task, done: false, _slot: slot };
    let lines = stream::unfold(proof, |mut proof| async move {
        let line = proof.line().await?;
        Some((Ok::<_, Infallible>(format!("{line}\n")), proof))
    });
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(lines)).into_response())
}

type Outcome = Result<Result<Report, verify::Error>, tokio::time::error::Elapsed>;

/// Verification in progress, which is aborted when it is dropped with the response.
struct Proof {
    app: App,
    who: TenantCaller,
    of: u64,
    events: watch::Receiver<u64>,
    task: JoinSet<Outcome>,
    done: bool,
    _slot: Permit,
}

impl Proof {
    /// Next line of the response; `None`: the report was sent.
    async fn line(&mut self) -> Option<Value> {
        if self.done {
            return None;
        }
        let outcome = tokio::time::timeout(PROGRESS_INTERVAL, self.task.join_next()).await;
        let Ok(Some(outcome)) = outcome else {
            let events = *self.events.borrow_and_update();
            return Some(json!({ "events": events, "of": self.of.max(events) }));
        };
        self.done = true;
        Some(match outcome {
            Ok(Ok(Ok(report))) if self.is_still_valid().await => json!({ "report": report }),
            Ok(Ok(Ok(_))) => json!({ "failed": Code::PermissionMissing.as_str() }),
            Ok(Ok(Err(cause))) => failed(&cause),
            Ok(Err(_)) => json!({ "failed": Code::TimedOut.as_str() }),
            Err(cause) => failed(&cause),
        })
    }

    async fn is_still_valid(&self) -> bool {
        self.who.is_still_valid(&self.app).await.unwrap_or(false)
    }
}

fn failed(cause: &(dyn std::error::Error + 'static)) -> Value {
    tracing::error!(error = cause, "the verification of a log failed");
    json!({ "failed": Code::Internal.as_str() })
}
