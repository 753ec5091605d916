//! `GET /api/host/tenants`: the tenants of the installation, each with the number of its members
//! and nothing else of its people.

use crate::App;
use crate::access::Access;
use crate::caller::Operator;
use crate::code::Code;
use crate::host::record;
use crate::operation::{Entry, Operation};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use eaf_core::directory;
use eaf_core::id::TenantId;
use serde_json::{Value, json};

pub const PATH: &str = "/api/host/tenants";

pub fn operation() -> Operation {
    let schema = record(json!({ "items": { "type": "array", "items": schema() } }));
    let doc = Entry::new("host.tenants", "operator", "The tenants of this installation")
        .answers("200", "All tenants, by slug.", schema)
        .refuses(&[Code::NotAnOperator]);
    Operation { method: "get", path: PATH, access: Access::Operator, route: get(list), doc: doc.done() }
}

/// Schema of one tenant.
pub(super) fn schema() -> Value {
    record(json!({
        "id": { "type": "string", "format": "uuid" },
        "slug": { "type": "string" },
        "members": { "type": "integer", "minimum": 0, "description": "The number of current members." },
    }))
}

pub(super) fn document(id: TenantId, slug: &str, members: i64) -> Value {
    json!({ "id": id, "slug": slug, "members": members })
}

/// Counts in a transaction of each tenant: the platform's role reads no rows of members.
async fn list(State(app): State<App>, _: Operator) -> Result<Json<Value>, Problem> {
    let mut items = Vec::new();
    for (id, slug) in directory::tenants(&app.core.db).await? {
        items.push(document(id, &slug, directory::member_count(&app.core.db, id).await?));
    }
    Ok(Json(json!({ "items": items })))
}
