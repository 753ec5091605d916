//! Connections as JSON documents: without secrets, and with those that grants name but that do not
//! exist yet.

use super::{instant, record, store_problem};
use crate::App;
use crate::messages;
use crate::problem::Problem;
use eaf_core::actor::Locale;
use eaf_core::connection::Summary;
use eaf_core::grant;
use eaf_core::id::{ActorId, TenantId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// JSON documents of all connections of a tenant, sorted by capability and name.
pub async fn all(app: &App, tenant: TenantId, locale: Locale) -> Result<Vec<Value>, Problem> {
    let granted = grant::list(&app.core.db, tenant).await?;
    let wanted = granted.into_iter().map(|listed| (listed.grant.capability, listed.grant.connection));
    let mut shown: BTreeMap<(String, String), Value> =
        wanted.map(|(capability, name)| ((capability.clone(), name.clone()), missing(&capability, &name))).collect();
    let listed = app.core.connections.list(tenant).await.map_err(store_problem)?;
    let writers: Vec<ActorId> = listed.iter().map(|summary| summary.updated_by).collect();
    let members = app.core.directory.members_among(tenant, &writers).await?;
    for summary in listed {
        let writer = members.iter().find(|member| member.actor == summary.updated_by);
        let mut connection = configured(&summary, locale);
        connection["updated_by_name"] = writer.map(|writer| writer.name.as_str()).into();
        shown.insert((summary.capability, summary.name), connection);
    }
    Ok(shown.into_values().collect())
}

fn configured(summary: &Summary, locale: Locale) -> Value {
    json!({
        "capability": summary.capability,
        "name": summary.name,
        "configured": true,
        "config": summary.config,
        "last_check_at": summary.last_check_at.and_then(instant),
        "last_error": summary.last_error,
        "last_error_text": summary.last_error.as_deref().map(|error| messages::failure(error, locale)),
        "last_use_at": summary.used_at.and_then(instant),
        "use_error": summary.use_error,
        "use_error_text": summary.use_error.as_deref().map(|error| messages::failure(error, locale)),
        "updated_at": instant(summary.updated_at),
        "updated_by": summary.updated_by,
    })
}

fn missing(capability: &str, name: &str) -> Value {
    json!({
        "capability": capability,
        "name": name,
        "configured": false,
        "config": {},
        "last_check_at": null,
        "last_error": null,
        "last_error_text": null,
        "last_use_at": null,
        "use_error": null,
        "use_error_text": null,
        "updated_at": null,
        "updated_by": null,
        "updated_by_name": null,
    })
}

pub fn schema() -> Value {
    record(json!({
        "capability": { "type": "string" },
        "name": { "type": "string" },
        "configured": { "type": "boolean", "description": "false: a grant names the connection, but it is not configured yet." },
        "config": { "type": "object", "description": "The settings without secrets; empty if not configured." },
        "last_check_at": { "type": ["string", "null"], "format": "date-time" },
        "last_error": { "type": ["string", "null"], "description": "The code of the last test; null: it succeeded." },
        "last_error_text": { "type": ["string", "null"], "description": "The error as one sentence." },
        "last_use_at": {
            "type": ["string", "null"], "format": "date-time",
            "description": "The last call whose outcome is known.",
        },
        "use_error": { "type": ["string", "null"], "description": "The code of the last call's error; null: it succeeded." },
        "use_error_text": { "type": ["string", "null"], "description": "The error as one sentence." },
        "updated_at": { "type": ["string", "null"], "format": "date-time" },
        "updated_by": { "type": ["string", "null"], "format": "uuid" },
        "updated_by_name": { "type": ["string", "null"], "description": "null: no longer a member." },
    }))
}
