//! Plain handlers to compare with: axum and sqlx, in a process of their own as the host is.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use eaf_core::id::TenantId;
use eaf_core::testing::Database;
use eaf_core::testing::plain::{self, Plain};
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

/// Argument that makes the benchmark's binary serve the plain handlers.
pub const ARGUMENT: &str = "--plain";
/// Number of connections in the pool of the plain handlers, equal to the host's default.
const CONNECTIONS: u32 = 16;

#[derive(Deserialize)]
struct Item {
    name: String,
    by: i64,
}

/// Reads a variable of the environment that the parent process has set.
fn said(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

pub async fn serve() {
    let plain = Plain::connect(&said("PLAIN_URL"), CONNECTIONS, &said("PLAIN_TABLE"), &said("PLAIN_COLUMNS")).await;
    let routes = Router::new().route("/{tenant}/items", get(list)).route("/{tenant}/items", post(insert));
    let listener = TcpListener::bind(said("PLAIN_ADDRESS")).await.expect("a port");
    axum::serve(listener, routes.with_state(Arc::new(plain))).await.expect("served");
}

async fn list(State(plain): State<Arc<Plain>>, Path(tenant): Path<String>) -> Result<impl IntoResponse, StatusCode> {
    let document = plain.list(TenantId::derive(&tenant), 20).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], document))
}

async fn insert(
    State(plain): State<Arc<Plain>>,
    Path(tenant): Path<String>,
    Json(item): Json<Item>,
) -> Result<StatusCode, StatusCode> {
    let inserted = plain.insert(TenantId::derive(&tenant), &item.name, item.by).await;
    inserted.map(|()| StatusCode::ACCEPTED).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

/// Starts the process of the plain handlers, which is killed when the returned value is dropped.
pub async fn start(database: &Database, address: SocketAddr) -> Child {
    plain::prepare(database).await;
    let (table, columns) = plain::live_table(database, "dcm", "requests").await;
    let child = Command::new(std::env::current_exe().expect("this program"))
        .arg(ARGUMENT)
        .env("PLAIN_URL", database.url("eaf_app"))
        .env("PLAIN_ADDRESS", address.to_string())
        .env("PLAIN_TABLE", table)
        .env("PLAIN_COLUMNS", columns)
        .kill_on_drop(true)
        .spawn()
        .expect("a process");
    while TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    child
}
