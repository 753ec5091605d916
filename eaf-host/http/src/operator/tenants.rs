//! `GET /api/host/tenants`: the tenants of the installation, each with the number of its missing
//! grants and of its members, and nothing else of its people.

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
use eaf_core::id::TenantId;
use eaf_core::{directory, grant, product};
use eaf_plugin::granting;
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
        "missing_grants": {
            "type": "integer",
            "minimum": 0,
            "description": "The number of required grants that the tenant's enabled products lack.",
        },
    }))
}

pub(super) fn document(id: TenantId, slug: &str, members: i64, missing_grants: usize) -> Value {
    json!({ "id": id, "slug": slug, "members": members, "missing_grants": missing_grants })
}

/// Counts in transactions of each tenant: the platform's role reads no rows of members and grants.
async fn list(State(app): State<App>, _: Operator) -> Result<Json<Value>, Problem> {
    let mut items = Vec::new();
    for (id, slug) in directory::tenants(&app.core.db).await? {
        let members = directory::member_count(&app.core.db, id).await?;
        items.push(document(id, &slug, members, missing_grants(&app, id).await?));
    }
    Ok(Json(json!({ "items": items })))
}

async fn missing_grants(app: &App, tenant: TenantId) -> Result<usize, Problem> {
    let products = product::list(&app.core.db, tenant).await?.into_iter().filter(|product| product.enabled);
    let enabled: Vec<_> = products.filter_map(|product| app.products.get(&product.plugin)).collect();
    if enabled.is_empty() {
        return Ok(0);
    }
    let granted = grant::list(&app.core.db, tenant).await?;
    Ok(enabled.iter().map(|product| granting::missing(product.id(), &product.requests, &granted).len()).sum())
}
