//! `POST /api/host/connections/{capability}/{name}/test`: is the connection usable, what is to be
//! repaired first in one sentence, and all that is needed, line by line.

use super::{checked_name, connection_fault, record};
use crate::capabilities::{Finding, Kind, Verdict};
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
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let doc = Entry::new("host.connection.test", "host", "Test a connection")
        .path("capability", "Such as `vsphere` or `mail`.")
        .path("name", "The connection's name.")
        .answers(
            "200",
            "What the test found. A connection that does not work is an answer, not an error.",
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
            }),
        )
        .refuses(&[Code::PermissionMissing, Code::NotFound]);
    let path = "/api/host/connections/{capability}/{name}/test";
    Operation { method: "post", path, route: post(test), doc: doc.done() }
}

async fn test(
    State(app): State<App>,
    who: TenantCaller,
    Path((capability, name)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let object = format!("{}/{}", checked_name(&capability)?, checked_name(&name)?);
    who.require(&app, "host.connections", "connection.test", &object).await?;
    let tenant = who.caller.tenant;
    let known = eaf_core::connection::list(&app.core, tenant).await.map_err(connection_fault)?;
    let exists = known.iter().any(|one| one.capability == capability && one.name == name);
    let provider = app.providers.get(&capability).filter(|_| exists).ok_or_else(|| Problem::new(Code::NotFound))?;
    let report = provider.check(tenant, &name).await;
    let found = report.outcome();
    let error = found.as_ref().err().map(|failure| failure.code.as_str());
    eaf_core::connection::record_check(&app.core, tenant, &capability, &name, error).await.map_err(connection_fault)?;
    let outcome = found.as_ref().err().map_or("ok", |failure| failure.code.as_str());
    who.record(&app, "connection.test", &object, outcome).await?;
    let findings: Vec<Value> = report.findings().iter().map(|finding| shown(finding, who.caller.locale)).collect();
    Ok(Json(match found {
        Ok(()) => json!({ "ok": true, "findings": findings }),
        Err(failure) => {
            let text = messages::failure(&failure.code, who.caller.locale);
            json!({
                "ok": false, "class": failure.class, "code": failure.code, "text": text, "message": failure.message,
                "findings": findings,
            })
        }
    }))
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
