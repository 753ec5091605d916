//! `POST /api/host/connections/{capability}/{name}/test`: is the connection usable, what is to be
//! repaired first in one sentence, and all that is needed, line by line.
//!
//! A test logs in at another system: that it was begun is on record before it is, and its end also when nobody waits for
//! the answer any more.

use super::test_limit::Full;
use super::{checked_name, connection_fault, record};
use crate::capabilities::{Class, Failure, Finding, Kind, Provider, Report, Verdict};
use crate::http::App;
use crate::http::caller::TenantCaller;
use crate::http::code::Code;
use crate::http::messages;
use crate::http::operation::{Entry, Operation};
use crate::http::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::post;
use eaf_core::actor::Locale;
use eaf_core::connection;
use serde_json::{Value, json};
use std::time::Duration;

/// Longer than a vCenter needs that answers slowly; the caller has been told sooner that it takes long.
const LONGEST: Duration = Duration::from_secs(120);

pub fn operation() -> Operation {
    let doc = Entry::new("host.connection.test", "host", "Test a connection")
        .path("capability", "Such as `vsphere` or `mail`.")
        .path("name", "The connection's name.")
        .answers(
            "200",
            "What the test found. A connection that does not work is an answer, not an error.",
            answer_schema(),
        )
        .refuses(&[Code::PermissionMissing, Code::NotFound, Code::TooManyTests]);
    let path = "/api/host/connections/{capability}/{name}/test";
    Operation { method: "post", path, route: post(test), doc: doc.done() }
}

async fn test(
    State(app): State<App>,
    who: TenantCaller,
    Path((capability, name)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    begin(app, who, Act::Test, capability, name).await
}

/// What is done over the connection.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Act {
    /// Reads alone.
    Test,
    /// The same, and something that the caller sees, such as a mail to them.
    Trial,
}

impl Act {
    fn name(self) -> &'static str {
        match self {
            Act::Test => "connection.test",
            Act::Trial => "connection.trial",
        }
    }
}

/// Records the act, begins it, and answers what it found.
pub(super) async fn begin(
    app: App,
    mut who: TenantCaller,
    act: Act,
    capability: String,
    name: String,
) -> Result<Json<Value>, Problem> {
    who.require(&app, "host.connections", act.name(), "connections").await?;
    let object = format!("{}/{}", checked_name(&capability)?, checked_name(&name)?);
    let tenant = who.caller.tenant;
    let known = connection::list(&app.core, tenant).await.map_err(connection_fault)?;
    let exists = known.iter().any(|one| one.capability == capability && one.name == name);
    let provider = app.providers.get(&capability).filter(|_| exists).ok_or_else(|| Problem::new(Code::NotFound))?;
    let running = app.tests.begin(tenant, app.core.world.now());
    let running = running.map_err(|Full(wait)| Problem::new(Code::TooManyTests).retry_after(wait))?;
    who.record(&app, act.name(), &object, "pending").await?;
    // Requests of colleagues do not wait for the end of a test.
    who.work = None;
    let (provider, locale) = (provider.clone(), who.caller.locale);
    let test = Test { app: app.clone(), who, act, capability, name, object };
    let running = tokio::spawn(async move {
        let _until_it_ends = running;
        test.run(provider.as_ref()).await
    });
    let report = running.await.map_err(|cause| Problem::fault(Code::Internal, &cause))??;
    Ok(Json(answer(&report, locale)))
}

/// A test that has begun and ends without its caller.
struct Test {
    app: App,
    who: TenantCaller,
    act: Act,
    capability: String,
    name: String,
    object: String,
}

impl Test {
    async fn run(&self, provider: &dyn Provider) -> Result<Report, Problem> {
        let caller = &self.who.caller;
        let report = async {
            match self.act {
                Act::Test => provider.check(caller.tenant, &self.name).await,
                Act::Trial => provider.trial(caller.tenant, &self.name, caller.actor).await,
            }
        };
        let report = tokio::time::timeout(LONGEST, report).await;
        let report = report
            .unwrap_or_else(|_| Failure::new(Class::Transient, "test-too-long", "The test took too long.").into());
        let failure = report.outcome().err();
        let error = failure.as_ref().map(|failure| failure.code.as_str());
        connection::record_check(&self.app.core, caller.tenant, &self.capability, &self.name, error)
            .await
            .map_err(connection_fault)?;
        self.who.record(&self.app, self.act.name(), &self.object, error.unwrap_or("ok")).await?;
        Ok(report)
    }
}

fn answer(report: &Report, locale: Locale) -> Value {
    let findings: Vec<Value> = report.findings().iter().map(|finding| shown(finding, locale)).collect();
    match report.outcome() {
        Ok(()) => json!({ "ok": true, "findings": findings }),
        Err(failure) => {
            let text = messages::failure(&failure.code, locale);
            json!({
                "ok": false, "class": failure.class, "code": failure.code, "text": text, "message": failure.message,
                "findings": findings,
            })
        }
    }
}

fn shown(finding: &Finding, locale: Locale) -> Value {
    let kind = match finding.kind {
        Kind::Setting => "setting",
        Kind::Privilege => "privilege",
    };
    let (state, failure) = match &finding.verdict {
        Verdict::Good => ("good", None),
        Verdict::Bad(failure) => ("bad", Some(failure)),
        Verdict::Untested => ("untested", None),
    };
    json!({
        "kind": kind,
        "name": finding.name,
        "subject": finding.subject,
        "state": state,
        "code": failure.map(|failure| &failure.code),
        "text": failure.map(|failure| messages::failure(&failure.code, locale)),
        "message": failure.map(|failure| &failure.message),
    })
}

pub(super) fn answer_schema() -> Value {
    json!({
        "type": "object",
        "required": ["ok", "findings"],
        "properties": {
            "ok": { "type": "boolean" },
            "class": { "type": "string" },
            "code": { "type": "string" },
            "text": { "type": "string", "description": "One sentence." },
            "message": { "type": "string", "description": "The details, in English." },
            "findings": { "type": "array", "items": finding_schema() },
        },
    })
}

fn finding_schema() -> Value {
    record(json!({
        "kind": { "enum": ["setting", "privilege"] },
        "name": { "type": "string", "description": "A setting's member of `config` or another word; a privilege's id." },
        "subject": { "type": "string", "description": "The object that was looked at; empty: the whole connection." },
        "state": { "enum": ["good", "bad", "untested"], "description": "untested: what it depends on is bad." },
        "code": { "type": ["string", "null"] },
        "text": { "type": ["string", "null"], "description": "One sentence about what is bad." },
        "message": { "type": ["string", "null"], "description": "The details, in English." },
    }))
}
