//! The HTTP surface: one shape for all products, made from what they describe.
//!
//! One file per operation; each brings its route and its OpenAPI entry. To add one: a file with a handler and an
//! `operation()`, and a line in [`operations`]. Handlers extract who is calling, make one call, and return a view; errors
//! are [`problem::Problem`]s, which [`answer`] writes in the caller's language.

mod access;
mod actuator;
mod answer;
mod auth;
mod body;
mod caller;
mod choices;
mod client_address;
mod code;
mod commands;
mod concurrency;
mod denial;
mod head;
mod host;
mod info;
mod language;
mod live;
mod location;
mod messages;
mod openapi;
mod operation;
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
mod revalidated;
mod schema;
mod serve;
mod session;
mod slots;
mod things;
mod views;

#[cfg(test)]
mod tests;

pub use products::{Product, Products};
pub use rates::Limits as RateLimits;

use axum::Router;
use axum::routing::MethodRouter;
use code::Code;
use concurrency::ConcurrencyLimit;
use eaf_capability::Provider;
use eaf_core::Core;
use eaf_core::session::Limits;
use eaf_identity::Identity;
use host::test_limit::{Pace, TestLimit};
use ipnet::IpNet;
use metrics_exporter_prometheus::PrometheusHandle;
use operation::Operation;
use problem::Problem;
use rates::Rates;
use schema::Schemas;
use slots::{Most, Slots};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;

/// What the surface needs of the rest of the house. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub core: Arc<Core>,
    pub products: Arc<dyn Products>,
    pub providers: Arc<BTreeMap<String, Arc<dyn Provider>>>,
    pub identity: Arc<Identity>,
    pub config: Arc<Config>,
    /// None: metrics are not collected.
    pub metrics: Option<PrometheusHandle>,
    /// Becomes true when the host shuts down: long answers end then.
    pub closing: watch::Receiver<bool>,
    schemas: Arc<Schemas>,
    rates: Rates,
    concurrency: ConcurrencyLimit,
    streams: Slots,
    waits: Slots,
    exports: Slots,
    tests: Arc<TestLimit>,
    choices: Arc<TestLimit>,
    readiness: Arc<actuator::Readiness>,
    openapi: Arc<openapi::Written>,
}

#[derive(Debug, Clone)]
pub struct Config {
    /// The built web application (`web/dist`), if there is one.
    pub web: Option<PathBuf>,
    /// Scheme, host and port of the public address, as browsers write it in `Origin`.
    pub origin: String,
    pub sessions: Limits,
    /// Whose `X-Forwarded-For` counts.
    pub proxies: Vec<IpNet>,
    pub rates: rates::Limits,
    /// Requests of one tenant that are worked on at once; fewer than connections to the database.
    pub at_once: usize,
}

/// A browser with some tabs open.
const STREAMS: Most = Most { of_person: 8, of_tenant: 400 };
/// For a view to have come as far as a command.
const WAITS: Most = Most { of_person: 4, of_tenant: 32 };
const EXPORTS: Most = Most { of_person: 1, of_tenant: 2 };

/// Each test connects to another system, which its settings name.
const TESTS: Pace = Pace { at_once: 2, burst: 20.0, each: Duration::from_secs(6) };
/// Lists of a connection that is stored, while somebody types a search.
const CHOICES: Pace = Pace { at_once: 4, burst: 60.0, each: Duration::from_secs(1) };

impl Config {
    /// Whether people reach the host by https; TLS ends before it.
    fn https(&self) -> bool {
        self.origin.starts_with("https://")
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
            rates: Rates::new(&core.world, config.rates),
            concurrency: ConcurrencyLimit::new(config.at_once),
            core,
            config: Arc::new(config),
            metrics: None,
            closing,
            schemas: Arc::default(),
            streams: Slots::new(STREAMS),
            waits: Slots::new(WAITS),
            exports: Slots::new(EXPORTS),
            tests: Arc::new(TestLimit::new(TESTS)),
            choices: Arc::new(TestLimit::new(CHOICES)),
            readiness: Arc::default(),
            openapi: Arc::default(),
        }
    }
}

fn operations() -> Vec<Operation> {
    vec![
        commands::operation(),
        choices::operation(),
        views::list::operation(),
        views::item::operation(),
        live::operation(),
        session::operation(),
        language::operation(),
        auth::sign_out::operation(),
        host::connection_list::operation(),
        host::connection_get::operation(),
        host::connection_put::operation(),
        host::connection_delete::operation(),
        host::connection_test::operation(),
        host::connection_trial::operation(),
        host::connection_types::operation(),
        host::draft_test::test_operation(),
        host::draft_test::trial_operation(),
        host::draft_choices::operation(),
        host::mail_failures::operation(),
        host::mail_again::operation(),
        host::mail_queue::operation(),
        host::mail_queue::send_operation(),
        host::mail_pauses::put_operation(),
        host::mail_pauses::delete_operation(),
        host::products::operation(),
        host::runs::operation(),
        host::run::operation(),
        host::audit::operation(),
        host::audit_acts::operation(),
        host::audit_csv::operation(),
        host::audit_row::operation(),
        host::audit_proof::operation(),
        operator::tenants::operation(),
        operator::tenant_products::operation(),
        operator::product_switch::operation(),
        operator::grant_put::operation(),
        operator::grant_delete::operation(),
        operator::plugins::operation(),
        operator::plugin_stop::operation(),
        operator::workflows::operation(),
        operator::audit::operation(),
        openapi::operation(),
        actuator::liveness_operation(),
        actuator::readiness_operation(),
        actuator::metrics_operation(),
    ]
}

/// The OpenAPI document of a host that serves these products.
pub fn document(products: &[Arc<Product>]) -> serde_json::Value {
    openapi::document(&operations(), products)
}

pub fn router(app: App) -> Router {
    let mut paths: BTreeMap<&'static str, MethodRouter<App>> = BTreeMap::new();
    for operation in operations() {
        let (path, methods) = (operation.path, paths.remove(operation.path).unwrap_or_default());
        paths.insert(path, methods.merge(access::guarded(operation, &app)));
    }
    let mut router = pages::routes().merge(auth::routes());
    for (path, methods) in paths {
        router = router.route(path, methods);
    }
    router
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(axum::middleware::from_fn_with_state(app.clone(), answer::around))
        .with_state(app)
}

/// A panic in a handler is a bug of ours and the end of one request, not of the host.
fn panicked(_: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    tracing::error!("a handler panicked");
    axum::response::IntoResponse::into_response(Problem::new(Code::Internal))
}

/// Serves until `app.closing` becomes true, then finishes what is under way.
pub async fn serve(listener: TcpListener, app: App) {
    let mut closing = app.closing.clone();
    let stopped = async move {
        // A dropped sender means that nobody is left who could ask for an end: end too.
        let _ = closing.wait_for(|closing| *closing).await;
    };
    serve::serve(listener, router(app), serve::Limits::default(), stopped).await;
}
