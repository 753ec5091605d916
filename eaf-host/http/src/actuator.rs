//! Health of the host on the public port: UP or DOWN, for load balancers. Reasons, metrics and
//! versions are on the [management port](super::management).

use super::access::Access;
use super::operation::{Entry, Operation};
use super::{App, readiness};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

pub fn operation() -> Operation {
    let schema =
        json!({ "type": "object", "required": ["status"], "properties": { "status": { "enum": ["UP", "DOWN"] } } });
    let doc = Entry::new("health", "actuator", "Can this host serve")
        .public()
        .answers("200", "It can.", schema.clone())
        .answers("503", "Not now; the management port says why.", schema);
    Operation { method: "get", path: "/actuator/health", access: Access::Public, route: get(health), doc: doc.done() }
}

async fn health(State(app): State<App>) -> Response {
    match readiness::check(&app).await {
        Ok(()) => Json(json!({ "status": "UP" })).into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "DOWN" }))).into_response(),
    }
}
