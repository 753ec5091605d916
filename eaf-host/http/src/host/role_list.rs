//! `GET /api/host/roles`: the roles that an admin can give to members.
//!
//! A role exists if a permission of the host or of a product that is enabled for the tenant names
//! it, so the list changes with the tenant's products.

use super::{page_schema, record};
use crate::App;
use crate::access::{Access, host_roles};
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub fn operation() -> Operation {
    let product = record(json!({ "id": { "type": "string" }, "name": { "type": "string" } }));
    let item = record(json!({
        "role": { "type": "string" },
        "host": { "type": "boolean", "description": "The role holds permissions of the host." },
        "products": {
            "type": "array", "items": product, "description": "Products of which the role holds permissions.",
        },
    }));
    let doc = Entry::new("host.roles", "host", "The roles that members can have")
        .answers("200", "All roles, by name.", page_schema(item))
        .refuses(&[Code::PermissionMissing]);
    Operation {
        method: "get",
        path: "/api/host/roles",
        access: Access::members("role.list"),
        route: get(list),
        doc: doc.done(),
    }
}

/// Sources of a role: whether the host names it, and the products that do, as id and name.
#[derive(Default)]
pub struct Sources {
    host: bool,
    products: Vec<(String, String)>,
}

/// Roles that exist in the caller's tenant, by name.
pub fn existing(app: &App, who: &TenantCaller) -> BTreeMap<String, Sources> {
    let mut roles: BTreeMap<String, Sources> = BTreeMap::new();
    for role in host_roles() {
        roles.entry(role.to_owned()).or_default().host = true;
    }
    for product in app.products.all().iter().filter(|product| who.has(product.id())) {
        let source = (product.id().to_owned(), product.name.clone());
        let permissions = &product.domain.description().permissions;
        for role in permissions.iter().flat_map(|permission| &permission.roles) {
            let products = &mut roles.entry(role.clone()).or_default().products;
            if products.last() != Some(&source) {
                products.push(source.clone());
            }
        }
    }
    roles
}

async fn list(State(app): State<App>, who: TenantCaller) -> Json<Value> {
    let item = |(role, sources): (String, Sources)| {
        let products = sources.products.iter().map(|(id, name)| json!({ "id": id, "name": name }));
        json!({ "role": role, "host": sources.host, "products": products.collect::<Vec<_>>() })
    };
    let items: Vec<Value> = existing(&app, &who).into_iter().map(item).collect();
    Json(json!({ "items": items, "next": null }))
}
