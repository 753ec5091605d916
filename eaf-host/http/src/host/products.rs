//! `GET /api/host/products`: the tenant's products, with their requests and grants.

use super::{instant, record};
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use crate::products::Product;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use eaf_core::grant::{self, ListedGrant};
use eaf_core::id::TenantId;
use eaf_core::product::{self, StoppedPlugin, TenantProduct};
use eaf_plugin::manifest::Request;
use serde_json::{Value, json};

pub fn operation() -> Operation {
    let doc = Entry::new("host.products", "host", "The products of the tenant, with requests and grants")
        .answers("200", "Every active product of this host, by id.", schema())
        .refuses(&[Code::PermissionMissing]);
    let access = Access::Permission { name: "host.connections", act: "product.list", object: "products" };
    Operation { method: "get", path: "/api/host/products", access, route: get(list), doc: doc.done() }
}

async fn list(State(app): State<App>, who: TenantCaller) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "items": shown(&app, who.caller.tenant).await? })))
}

pub fn schema() -> Value {
    let text_or_null = || json!({ "type": ["string", "null"] });
    let time_or_null = || json!({ "type": ["string", "null"], "format": "date-time" });
    let request = record(json!({
        "capability": { "type": "string" },
        "grant": { "type": "string", "description": "The name of the grant." },
        "interfaces": { "type": "array", "items": { "type": "string" } },
        "optional": { "type": "boolean" },
        "state": { "enum": ["granted", "expired", "missing"] },
        "scope": { "description": "The granted scope, whose members the capability defines; null: nothing is granted." },
        "connection": text_or_null(),
        "reason": text_or_null(),
        "expires_at": time_or_null(),
        "granted_at": time_or_null(),
    }));
    let item = record(json!({
        "id": { "type": "string" },
        "name": { "type": "string" },
        "version": { "type": "string" },
        "enabled": { "type": "boolean" },
        "reason": { "type": ["string", "null"], "description": "The reason of the last enabling or disabling." },
        "stopped": { "type": "boolean", "description": "Stopped by an operator for all tenants." },
        "stopped_reason": text_or_null(),
        "requests": { "type": "array", "items": request },
    }));
    record(json!({ "items": { "type": "array", "items": item } }))
}

/// JSON documents of all active products, as one tenant sees them.
pub async fn shown(app: &App, tenant: TenantId) -> Result<Vec<Value>, Problem> {
    let switched = product::list(&app.core.db, tenant).await?;
    let stopped = product::stopped(&app.core.db).await?;
    let granted = grant::list(&app.core.db, tenant).await?;
    let all = app.products.all();
    Ok(all.iter().map(|product| shown_one(product, &switched, &stopped, &granted)).collect())
}

fn shown_one(
    product: &Product,
    switched: &[TenantProduct],
    stopped: &[StoppedPlugin],
    granted: &[ListedGrant],
) -> Value {
    let id = product.id();
    let switched = switched.iter().find(|one| one.plugin == id);
    let stopped = stopped.iter().find(|one| one.plugin == id);
    let requests: Vec<Value> = product.requests.iter().map(|request| shown_request(id, request, granted)).collect();
    json!({
        "id": id,
        "name": product.name,
        "version": product.version,
        "enabled": switched.is_some_and(|one| one.enabled),
        "reason": switched.map(|one| &one.reason),
        "stopped": stopped.is_some(),
        "stopped_reason": stopped.map(|one| &one.reason),
        "requests": requests,
    })
}

fn shown_request(plugin: &str, request: &Request, granted: &[ListedGrant]) -> Value {
    let found = granted.iter().find(|ListedGrant { grant, .. }| {
        grant.plugin == plugin && grant.capability == request.capability && grant.name == request.grant
    });
    let state = match found {
        Some(listed) if listed.expired => "expired",
        Some(_) => "granted",
        None => "missing",
    };
    json!({
        "capability": request.capability,
        "grant": request.grant,
        "interfaces": request.interfaces,
        "optional": request.optional,
        "state": state,
        "scope": found.map(|listed| &listed.grant.scope),
        "connection": found.map(|listed| &listed.grant.connection),
        "reason": found.map(|listed| &listed.terms.reason),
        "expires_at": found.and_then(|listed| listed.terms.expires_at).and_then(instant),
        "granted_at": found.and_then(|listed| instant(listed.updated_at)),
    })
}
