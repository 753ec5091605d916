//! Draft of a connection: settings that an admin tests before they are stored. A draft comes in a
//! request body, is used once, and is recorded in the audit without its secret.

use super::connection_put::{body_schema, changed, put_problem, violations};
use super::{checked_name, store_problem};
use crate::App;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::problem::Problem;
use axum::extract::Request;
use eaf_capability::{ConnectionType, Provider};
use eaf_core::audit::{self, Act};
use eaf_core::connection::{Connection, NewConnection};
use serde_json::{Value, json};
use std::sync::Arc;

pub const REFUSALS: [Code; 8] = [
    Code::MalformedJson,
    Code::PermissionMissing,
    Code::NotFound,
    Code::BodyTooLarge,
    Code::BodyTooComplex,
    Code::UnsupportedMediaType,
    Code::BodyInvalid,
    Code::TooManyTests,
];

pub struct Draft {
    pub provider: Arc<dyn Provider>,
    pub connection: Connection,
    pub body: Value,
    /// Settings before and after the change, for the audit.
    change: (Value, Value),
}

/// JSON Schema of a body with a draft: the schema of the body that stores a connection, and the
/// further `members` of the operation.
pub fn schema(members: &Value) -> Value {
    let mut schema = body_schema();
    schema["properties"]["secret"]["description"] =
        "If absent, the stored one is used; required with another address or account.".into();
    for (name, member) in members.as_object().into_iter().flatten() {
        schema["properties"][name] = member.clone();
    }
    schema
}

/// Reads a draft from the body. Without a secret in the body, the draft uses the stored secret;
/// this is refused if more than non-routing fields differ from the stored connection. `shape` may
/// relax the connection type's schema, and returns the schemas of the body's further members.
pub async fn read(
    app: &App,
    who: &mut TenantCaller,
    (capability, name): (&str, &str),
    request: Request,
    shape: impl FnOnce(&mut ConnectionType) -> Value,
) -> Result<Draft, Problem> {
    let (capability, name) = (checked_name(capability)?, checked_name(name)?);
    let provider = app.providers.get(capability).ok_or_else(|| Problem::new(Code::NotFound))?.clone();
    let body = who.read_json(app, request).await?;
    let mut kind = provider.connections();
    let members = shape(&mut kind);
    let violations = violations(&kind, schema(&members), &body, who.caller.locale)?;
    if !violations.is_empty() {
        return Err(Problem::new(Code::BodyInvalid).errors(violations));
    }
    let new = NewConnection {
        capability: capability.to_owned(),
        name: name.to_owned(),
        config: body["config"].clone(),
        secret: body.get("secret").and_then(Value::as_object).cloned(),
        non_routing_fields: kind.non_routing_fields,
    };
    let stored = app.core.connections.list(who.caller.tenant).await.map_err(store_problem)?;
    let stored = stored.into_iter().find(|one| one.capability == new.capability && one.name == new.name);
    let change = changed(stored.as_ref().map(|stored| &stored.config), &new);
    let connection = app.core.connections.draft(who.caller.tenant, new).await.map_err(put_problem)?;
    Ok(Draft { provider, connection, body, change })
}

impl Draft {
    /// Records an act on the draft in the audit, with the settings that differ from the stored
    /// connection, before the host connects to the draft's server.
    pub async fn record(&self, app: &App, who: &TenantCaller, act: &str) -> Result<(), Problem> {
        let (old, new) = self.change.clone();
        let act = Act { outcome: "pending".into(), ..Act::new(act, self.object()) }.changing(old, new);
        let mut tx = app.core.db.tenant(who.caller.tenant).await?;
        audit::record_act(&mut tx, &who.by(), &act).await?;
        Ok(tx.commit().await?)
    }

    pub fn object(&self) -> String {
        format!("{}/{}", self.connection.capability, self.connection.name)
    }
}

/// Leaves the connection type unchanged and returns no members: the `shape` in [`read`] for a body
/// that is a draft alone.
pub fn without_members(_: &mut ConnectionType) -> Value {
    json!({})
}
