//! HTTP API of the host. The API of each product has the same form and is made from the package's
//! description.
//!
//! One file per operation, with its route and its OpenAPI entry. To add one: a file with a handler
//! and an `operation()`, and a line in [`operations`]. Handlers extract the caller, make one call
//! and return a document; errors are [`problem::Problem`]s, which [`answer`] writes in the caller's
//! language.

mod access;
mod actuator;
mod answer;
mod auth;
mod body;
mod caller;
mod choices;
mod client_address;
mod code;
mod colleagues;
mod commands;
mod concurrency;
mod denial;
mod deputy;
mod drafts;
mod draining;
mod head;
mod host;
mod info;
mod invitation_mail;
mod language;
mod live;
mod location;
mod mail_preferences;
mod management;
mod messages;
mod openapi;
mod operation;
mod operations;
mod operator;
mod order;
mod pages;
mod parameters;
mod people;
mod person;
mod precondition;
mod problem;
mod products;
mod rates;
mod readiness;
mod revalidated;
mod schema;
mod serve;
mod session;
mod slots;
mod things;
mod views;
mod web;

#[cfg(test)]
mod tests;

pub use draining::Draining;
pub use management::{Build, Management, serve as serve_management};
pub use products::{Product, Products};
pub use rates::Limits as RateLimits;
pub use web::{Web, serve as serve_web};

use axum::Router;
use axum::routing::MethodRouter;
use code::Code;
use concurrency::ConcurrencyLimit;
use eaf_capability::Provider;
use eaf_core::Core;
use eaf_core::session::Limits;
use eaf_identity::Identity;
use host::test_limit::{TestLimiter, TestRate};
use ipnet::IpNet;
use problem::Problem;
use rates::RateLimiters;
use schema::Schemas;
use slots::ConcurrencySlots;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;

/// State of the API that handlers share. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub core: Arc<Core>,
    pub products: Arc<dyn Products>,
    pub providers: Arc<BTreeMap<String, Arc<dyn Provider>>>,
    pub identity: Arc<Identity>,
    pub config: Arc<Config>,
    /// Whether the host stops; then it is not ready.
    pub draining: Draining,
    /// Becomes true when the host shuts down, which ends live update streams and exports.
    pub closing: watch::Receiver<bool>,
    schemas: Arc<Schemas>,
    rates: RateLimiters,
    concurrency: ConcurrencyLimit,
    streams: ConcurrencySlots,
    waits: ConcurrencySlots,
    exports: ConcurrencySlots,
    tests: Arc<TestLimiter>,
    choices: Arc<TestLimiter>,
    readiness: Arc<readiness::Readiness>,
    openapi: Arc<openapi::CachedDocument>,
}

#[derive(Debug, Clone)]
pub struct Config {
    /// Directory of the built web application (`web/dist`). `None`: the host serves no web
    /// application.
    pub web: Option<PathBuf>,
    /// Origin of the public address (scheme, host and port), as browsers write it in `Origin`.
    pub origin: String,
    pub sessions: Limits,
    /// Networks of the trusted proxies. An entry of `X-Forwarded-For` counts only if such a proxy
    /// wrote it.
    pub proxies: Vec<IpNet>,
    pub rates: rates::Limits,
    /// Limit of concurrent requests of one tenant: at least 1, and less than the connections to the
    /// database.
    pub concurrent_requests: usize,
}

/// Limits of concurrent live update streams; a browser opens one stream for all its tabs.
const STREAM_LIMITS: slots::Limits = slots::Limits { per_person: 8, per_tenant: 400 };
/// Limits of concurrent queries with `?after`, which wait until a view's checkpoint reaches a
/// position.
const WAIT_LIMITS: slots::Limits = slots::Limits { per_person: 4, per_tenant: 32 };
const EXPORT_LIMITS: slots::Limits = slots::Limits { per_person: 1, per_tenant: 2 };

/// Rate limit of connection tests per tenant. Each test connects to a system that the draft or
/// connection names.
const TEST_RATE: TestRate = TestRate { concurrent: 2, burst: 20.0, interval: Duration::from_secs(6) };
/// Rate limit per tenant of requests for choices over stored connections, which a form sends while
/// a person types a search.
const CHOICES_RATE: TestRate = TestRate { concurrent: 4, burst: 60.0, interval: Duration::from_secs(1) };

/// Scheme of the public address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Config {
    /// Scheme of the public address. TLS ends at a proxy in front of the host.
    fn scheme(&self) -> Scheme {
        if self.origin.starts_with("https://") { Scheme::Https } else { Scheme::Http }
    }
}

impl App {
    pub fn new(
        core: Arc<Core>,
        products: Arc<dyn Products>,
        providers: Arc<BTreeMap<String, Arc<dyn Provider>>>,
        identity: Arc<Identity>,
        config: Config,
        closing: watch::Receiver<bool>,
    ) -> Self {
        App {
            products,
            providers,
            identity,
            rates: RateLimiters::new(&core.ambient, config.rates),
            concurrency: ConcurrencyLimit::new(config.concurrent_requests),
            core,
            config: Arc::new(config),
            draining: Draining::default(),
            closing,
            schemas: Arc::default(),
            streams: ConcurrencySlots::new(STREAM_LIMITS),
            waits: ConcurrencySlots::new(WAIT_LIMITS),
            exports: ConcurrencySlots::new(EXPORT_LIMITS),
            tests: Arc::new(TestLimiter::new(TEST_RATE)),
            choices: Arc::new(TestLimiter::new(CHOICES_RATE)),
            readiness: Arc::default(),
            openapi: Arc::default(),
        }
    }
}

/// OpenAPI document of a host that serves these products.
pub fn document(products: &[Arc<Product>]) -> serde_json::Value {
    openapi::document(&operations::operations(), products)
}

pub fn router(app: App) -> Router {
    let mut paths: BTreeMap<&'static str, MethodRouter<App>> = BTreeMap::new();
    for operation in operations::operations() {
        let (path, methods) = (operation.path, paths.remove(operation.path).unwrap_or_default());
        paths.insert(path, methods.merge(access::guarded(operation, &app)));
    }
    let mut router = pages::files();
    for (path, methods) in paths {
        router = router.route(path, methods);
    }
    router
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(axum::middleware::from_fn_with_state(app.clone(), answer::middleware))
        .with_state(app)
}

/// Answers 500 for a handler that panicked, so that a bug ends one request and not the host.
fn panicked(_: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    tracing::error!("a handler panicked");
    axum::response::IntoResponse::into_response(Problem::new(Code::Internal))
}

/// Serves until `app.closing` becomes true, then completes the requests in progress.
pub async fn serve(listener: TcpListener, app: App) {
    let mut closing = app.closing.clone();
    let stopped = async move {
        // Also complete when the sender is dropped: no one else could stop the server then.
        let _ = closing.wait_for(|closing| *closing).await;
    };
    serve::serve(listener, router(app), serve::Limits::default(), stopped).await;
}
