//! `POST /api/host/connections/{capability}/{name}/test`: tests a connection. The result is one
//! sentence about the most urgent problem, and a finding for each setting and privilege.
//!
//! A test logs in at another system. The audit records the start of a test before the login, and
//! the end of a test even if the caller disconnects.

use super::draft::Draft;
use super::test_limit::{RateLimited, TestPermit};
use super::{checked_name, record, store_problem};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::messages;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::post;
use eaf_capability::{Class, Failure, Finding, HostCode, Kind, Provider, Report, Verdict};
use eaf_core::actor::{Caller, Locale};
use eaf_core::connection::{Connection, Summary};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Time-out of a test. It is longer than the test of a slow vCenter takes.
const TEST_TIMEOUT: Duration = Duration::from_secs(120);

pub fn operation() -> Operation {
    let doc = Entry::new("host.connection.test", "host", "Test a connection")
        .path("capability", "Such as `vsphere` or `mail`.")
        .path("name", "The connection's name.")
        .answers(
            "200",
            "The result. A connection that does not work is reported with `ok: false`, not as an error.",
            answer_schema(),
        )
        .refuses(&[Code::PermissionMissing, Code::NotFound, Code::TooManyTests]);
    let path = "/api/host/connections/{capability}/{name}/test";
    Operation {
        method: "post",
        path,
        access: Access::connections(Act::Test.name()),
        route: post(test),
        doc: doc.done(),
    }
}

async fn test(
    State(app): State<App>,
    who: TenantCaller,
    Path((capability, name)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    begin(app, who, Act::Test, capability, name).await
}

/// Kind of connection test.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Act {
    /// Test that only reads.
    Test,
    /// Test that also has an effect that the caller sees, such as a mail to the caller.
    EffectTest,
}

impl Act {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Act::Test => "connection.test",
            Act::EffectTest => "connection.trial",
        }
    }

    pub(super) const fn of_draft(self) -> &'static str {
        match self {
            Act::Test => "connection.test-draft",
            Act::EffectTest => "connection.trial-draft",
        }
    }
}

/// Records the start of a test, runs it and returns the result.
pub(super) async fn begin(
    app: App,
    who: TenantCaller,
    act: Act,
    capability: String,
    name: String,
) -> Result<Json<Value>, Problem> {
    let object = format!("{}/{}", checked_name(&capability)?, checked_name(&name)?);
    let tenant = who.caller.tenant;
    let known = app.core.connections.list(tenant).await.map_err(store_problem)?;
    let stored = known.into_iter().find(|one| one.capability == capability && one.name == name);
    let stored = stored.ok_or_else(|| Problem::new(Code::NotFound))?;
    let provider = app.providers.get(&capability).ok_or_else(|| Problem::new(Code::NotFound))?.clone();
    let permit = acquire_permit(&app, &who)?;
    who.record(&app, act.name(), &object, "pending").await?;
    let test = Test { app, who, act, subject: Subject::Stored(provider, stored), object };
    test.run(permit).await
}

/// Runs the test of a draft. The calling operation has recorded the start of the test already.
pub(super) async fn begin_draft(
    app: App,
    who: TenantCaller,
    act: Act,
    draft: Draft,
    permit: TestPermit,
) -> Result<Json<Value>, Problem> {
    let object = draft.object();
    Test { app, who, act, subject: Subject::Draft(draft.provider, draft.connection), object }.run(permit).await
}

/// Acquires a permit from the tenant's limit of connection tests.
pub(super) fn acquire_permit(app: &App, who: &TenantCaller) -> Result<TestPermit, Problem> {
    let permit = app.tests.acquire(who.caller.tenant, app.core.ambient.now());
    permit.map_err(|RateLimited(wait)| Problem::new(Code::TooManyTests).retry_after(wait))
}

/// Connection that is tested: a stored one or a draft.
enum Subject {
    Stored(Arc<dyn Provider>, Summary),
    Draft(Arc<dyn Provider>, Connection),
}

/// Connection test that runs to its end, even if the caller disconnects.
struct Test {
    app: App,
    who: TenantCaller,
    act: Act,
    subject: Subject,
    object: String,
}

impl Test {
    async fn run(mut self, permit: TestPermit) -> Result<Json<Value>, Problem> {
        // Release the tenant's permit: the other system may be slow.
        self.who.permit = None;
        let locale = self.who.caller.locale;
        let test = tokio::spawn(async move {
            let _permit = permit;
            self.report().await
        });
        let report = test.await.map_err(|cause| Problem::fault(Code::Internal, &cause))??;
        Ok(Json(document(&report, locale)))
    }

    async fn report(&self) -> Result<Report, Problem> {
        let report = tokio::time::timeout(TEST_TIMEOUT, self.execute()).await;
        let report = report.unwrap_or_else(|_| {
            Failure::new(Class::Transient, HostCode::TestTooLong, "The test took too long.").into()
        });
        let failure = report.outcome().err();
        let error = failure.as_ref().map(|failure| failure.code.as_str());
        let name = match &self.subject {
            Subject::Stored(_, Summary { capability, name, updated_at, .. }) => {
                let tenant = self.who.caller.tenant;
                self.app
                    .core
                    .connections
                    .record_check(tenant, capability, name, *updated_at, error)
                    .await
                    .map_err(store_problem)?;
                self.act.name()
            }
            // A draft says nothing about the stored connection.
            Subject::Draft(..) => self.act.of_draft(),
        };
        self.who.record(&self.app, name, &self.object, error.unwrap_or("ok")).await?;
        Ok(report)
    }

    async fn execute(&self) -> Report {
        let Caller { tenant, actor, .. } = self.who.caller;
        match (&self.subject, self.act) {
            (Subject::Stored(provider, stored), Act::Test) => provider.check(tenant, &stored.name).await,
            (Subject::Stored(provider, stored), Act::EffectTest) => {
                provider.test_with_effect(tenant, &stored.name, actor).await
            }
            (Subject::Draft(provider, draft), Act::Test) => provider.check_draft(tenant, draft, None).await,
            (Subject::Draft(provider, draft), Act::EffectTest) => {
                provider.check_draft(tenant, draft, Some(actor)).await
            }
        }
    }
}

fn document(report: &Report, locale: Locale) -> Value {
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
        "name": { "type": "string", "description": "The member of `config` or another name of a setting; the id of a privilege." },
        "subject": { "type": "string", "description": "The object that was checked; empty: the whole connection." },
        "state": { "enum": ["good", "bad", "untested"], "description": "untested: a finding that it depends on is bad." },
        "code": { "type": ["string", "null"] },
        "text": { "type": ["string", "null"], "description": "One sentence about the fault." },
        "message": { "type": ["string", "null"], "description": "The details, in English." },
    }))
}
