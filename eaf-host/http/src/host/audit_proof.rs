//! `POST /api/host/audit/proof`: walks the chain of the tenant's log, as `eaf verify` does, and says what was proven.
//!
//! One JSON document a line, because it takes long where there is much: how far it is, and at last the report.

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

/// How often it is told how far it is.
const PACE: Duration = Duration::from_millis(250);
/// However much there is: whoever wants more proven asks for `eaf verify`.
const LONGEST: Duration = Duration::from_secs(10 * 60);

pub fn operation() -> Operation {
    let doc = Entry::new("host.audit.proof", "host", "Prove that the log is what was written")
        .answers_as(
            "200",
            "Lines of JSON: `{\"events\", \"of\"}` while it goes on, then `{\"report\"}`, or `{\"failed\"}` where it broke off.",
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
    let slot = app.exports.enter(tenant, who.caller.actor);
    let slot = slot.ok_or_else(|| Problem::new(Code::TooManyRequests))?;
    let of = verify::events(&app.core.db, tenant).await.map_err(|cause| Problem::fault(Code::Internal, &cause))?;
    who.record(&app, "audit.prove", "audit", "ok").await?;
    // Others of the tenant do not wait for its end.
    who.work = None;
    let (progress, events) = watch::channel(0);
    let mut walking = JoinSet::new();
    let core = app.core.clone();
    walking.spawn(async move {
        let walk = verify::verify(&core.db, tenant, |events| progress.send_modify(|so_far| *so_far += events));
        tokio::time::timeout(LONGEST, walk).await
    });
    let proof = Proof { app, who, of, events, walking, over: false, _slot: slot };
    let lines = stream::unfold(proof, |mut proof| async move {
        let line = proof.line().await?;
        Some((Ok::<_, Infallible>(format!("{line}\n")), proof))
    });
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(lines)).into_response())
}

type Walked = Result<Result<Report, verify::Error>, tokio::time::error::Elapsed>;

/// Dropped, because nobody listens any more, it ends.
struct Proof {
    app: App,
    who: TenantCaller,
    of: u64,
    events: watch::Receiver<u64>,
    walking: JoinSet<Walked>,
    over: bool,
    _slot: Permit,
}

impl Proof {
    /// None after the last.
    async fn line(&mut self) -> Option<Value> {
        if self.over {
            return None;
        }
        let walked = tokio::time::timeout(PACE, self.walking.join_next()).await;
        let Ok(Some(walked)) = walked else {
            let events = *self.events.borrow_and_update();
            return Some(json!({ "events": events, "of": self.of.max(events) }));
        };
        self.over = true;
        Some(match walked {
            Ok(Ok(Ok(report))) if self.may_still_know().await => json!({ "report": report }),
            Ok(Ok(Ok(_))) => json!({ "failed": Code::PermissionMissing.as_str() }),
            Ok(Ok(Err(cause))) => failed(&cause),
            Ok(Err(_)) => json!({ "failed": Code::TimedOut.as_str() }),
            Err(cause) => failed(&cause),
        })
    }

    async fn may_still_know(&self) -> bool {
        self.who.still_holds(&self.app).await.unwrap_or(false)
    }
}

fn failed(cause: &(dyn std::error::Error + 'static)) -> Value {
    tracing::error!(error = cause, "the proof of a log broke off");
    json!({ "failed": Code::Internal.as_str() })
}
