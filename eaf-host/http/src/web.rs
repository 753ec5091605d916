//! Server of the web application alone, for a deployment that serves it beside the host: the same
//! files, caching and security headers as the host's own web.

use super::code::Code;
use super::problem::Problem;
use super::serve::{self as server, Limits};
use super::{Scheme, answer, head, pages};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Directory of the web application, and whether people reach it by https.
#[derive(Debug, Clone)]
pub struct Web {
    pub root: PathBuf,
    pub https: bool,
}

pub fn router(web: Web) -> Router {
    let web = Arc::new(web);
    Router::new().fallback(file).layer(from_fn_with_state(web.clone(), headers)).with_state(web)
}

/// Serves until `stop` completes, then completes the requests in progress.
pub async fn serve(listener: TcpListener, web: Web, stop: impl Future<Output = ()>) {
    server::serve(listener, router(web), Limits::default(), stop).await;
}

async fn file(State(web): State<Arc<Web>>, request: Request) -> Response {
    match head::check(request.uri(), request.headers()) {
        Ok(()) if pages::is_page(&request) => pages::static_file(&web.root, request).await,
        Ok(()) => Problem::new(Code::NotFound).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn headers(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    // Only the host writes problems, in the caller's language; here the status is enough.
    if response.extensions().get::<Arc<Problem>>().is_some() {
        let status = response.status();
        response = (status, status.canonical_reason().unwrap_or_default()).into_response();
    }
    answer::add_security_headers(response.headers_mut(), if web.https { Scheme::Https } else { Scheme::Http });
    response
}
