//! A draft of a connection: what an admin has typed and not stored. It comes whole in a body, is used once and is
//! written nowhere but into the audit, without its secret.

use super::connection_put::{body_schema, changed, faults, not_put};
use super::{checked_name, connection_fault};
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
    /// Against what is stored, for the audit.
    change: (Value, Value),
}

/// As it is stored, and `members` of the one who asks.
pub fn schema(members: &Value) -> Value {
    let mut schema = body_schema();
    schema["properties"]["secret"]["description"] =
        "Left out, the stored one is used; with another address or account it must be there.".into();
    for (name, member) in members.as_object().into_iter().flatten() {
        schema["properties"][name] = member.clone();
    }
    schema
}

/// Reads the body, and takes the stored secret where none was typed and it goes where it belongs. `kind` may ask for less than
/// what can be stored.
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
    let faults = faults(&kind, schema(&members), &body, who.caller.locale)?;
    if !faults.is_empty() {
        return Err(Problem::new(Code::BodyInvalid).errors(faults));
    }
    let new = NewConnection {
        capability: capability.to_owned(),
        name: name.to_owned(),
        config: body["config"].clone(),
        secret: body.get("secret").and_then(Value::as_object).cloned(),
        non_routing_fields: kind.harmless,
    };
    let stored = app.core.connections.list(who.caller.tenant).await.map_err(connection_fault)?;
    let stored = stored.into_iter().find(|one| one.capability == new.capability && one.name == new.name);
    let change = changed(stored.as_ref().map(|stored| &stored.config), &new);
    let connection = app.core.connections.draft(who.caller.tenant, new).await.map_err(not_put)?;
    Ok(Draft { provider, connection, body, change })
}

impl Draft {
    /// On record before the first byte goes out: to which server somebody had the host connect.
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

/// Nothing beside the draft itself.
pub fn alone(_: &mut ConnectionType) -> Value {
    json!({})
}
