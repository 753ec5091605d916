//! `GET /api/session`: person, tenant, roles and permissions of the caller.

use super::App;
use super::access::Access;
use super::caller::Anyone;
use super::operation::{Entry, Operation};
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

pub fn operation() -> Operation {
    let doc = Entry::new("session", "eaf", "The caller's person, tenant, roles and permissions")
        .answers(
            "200",
            "A member of a tenant, or a platform operator.",
            json!({
                "type": "object",
                "required": ["kind", "via", "actor", "name", "roles", "permissions", "products"],
                "properties": {
                    "kind": { "enum": ["member", "operator"] },
                    "via": { "enum": ["session", "token"], "description": "A browser's session, or a bearer token." },
                    "actor": { "type": "string", "format": "uuid" },
                    "name": { "type": "string" },
                    "tenant": { "type": ["object", "null"], "properties": {
                        "slug": { "type": "string" }, "name": { "type": "string" },
                    } },
                    "roles": { "type": "array", "items": { "type": "string" } },
                    "permissions": { "type": "array", "items": { "type": "string" } },
                    "locale": { "enum": ["de", "en"] },
                    "expires_at": { "type": "string", "format": "date-time" },
                    "products": { "type": "array", "items": { "type": "object", "properties": {
                        "id": { "type": "string" }, "name": { "type": "string" }, "version": { "type": "string" },
                    } } },
                },
            }),
        )
        .refuses(&[]);
    Operation { method: "get", path: "/api/session", access: Access::SignedIn, route: get(session), doc: doc.done() }
}

async fn session(State(app): State<App>, who: Anyone) -> Json<Value> {
    let is_shown = |id: &str| match &who {
        Anyone::Member(who) => who.has(id),
        Anyone::Operator(_) => true,
    };
    let products: Vec<Value> = app
        .products
        .all()
        .iter()
        .filter(|product| is_shown(product.id()))
        .map(|product| json!({ "id": product.id(), "name": product.name, "version": product.version }))
        .collect();
    Json(match who {
        Anyone::Member(who) => json!({
            "kind": "member",
            "via": who.via.as_str(),
            "actor": who.caller.actor,
            "name": who.caller.name,
            "tenant": { "slug": who.tenant.slug, "name": who.tenant.name },
            "roles": who.caller.roles,
            "permissions": who.caller.permissions,
            "locale": who.caller.locale,
            "expires_at": who.expires.format(&Rfc3339).ok(),
            "products": products,
        }),
        Anyone::Operator(who) => json!({
            "kind": "operator",
            "via": who.via.as_str(),
            "actor": who.actor,
            "name": who.name,
            "tenant": null,
            "roles": ["operator"],
            "permissions": [],
            "products": products,
        }),
    })
}
