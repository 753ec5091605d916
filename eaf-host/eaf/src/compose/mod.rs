//! Composition root: builds the serving host from a configuration.

mod active_packages;
mod maintenance;
mod own_services;
mod rotation;
pub mod system_clock;

use crate::config::Config;
use crate::config::plugins::Activation;
use eaf_capability::{ProviderDependencies, Providers, Registration};
use eaf_plugin::engine::{self, Limits, Wasm};
use eaf_plugin::load::{self, Ceiling};
use eaf_plugin::{Plugin, Plugins, granting, install, manifest, package};

use active_packages::ActivePackages;
use eaf_capability::egress;
use eaf_capability::text::audit;
use eaf_core::actor::Locale;
use eaf_core::clock::Ambient;
use eaf_core::command_bus::CommandQuota;
use eaf_core::contract::Domain;
use eaf_core::crypto::{MasterKey, MasterKeys};
use eaf_core::db::{self, Db};
use eaf_core::id::HostId;
use eaf_core::session;
use eaf_core::workflow::engine::{Config as EngineConfig, Engine, PostgresKernel};
use eaf_core::{Core, consumers, directory, grant, master_key};
use metrics_exporter_prometheus::PrometheusHandle;
use openidconnect::ClientSecret;
use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database is not usable")]
    Database(#[from] db::Error),
    #[error("the master key is not usable")]
    MasterKey(#[from] master_key::Error),
    #[error("the plugin runtime cannot be started")]
    Engine(#[from] engine::Error),
    #[error("the package {path} cannot be read")]
    PackageFile {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("a package file of the configuration is not a package")]
    Package(#[from] package::Error),
    #[error("a package file of the configuration has no usable plugin.toml")]
    Manifest(#[from] manifest::Error),
    #[error("the package cannot be used")]
    Load(#[source] Box<load::Error>),
    #[error("a plugin cannot be served")]
    Install(#[source] Box<install::Error>),
    #[error("the list of active packages cannot be read")]
    Active(#[from] eaf_core::package::Error),
    #[error("the tenants cannot be read")]
    Directory(#[from] directory::Error),
    #[error("the grants cannot be read")]
    Grants(#[from] grant::Error),
    #[error("two capabilities have the name {0}")]
    DuplicateCapability(&'static str),
    #[error("the texts of a capability cannot be used")]
    CapabilityTexts(#[from] eaf_capability::text::Error),
    #[error("the identity provider's settings are not usable")]
    Identity(#[from] eaf_identity::Error),
    #[error("the host cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        cause: std::io::Error,
    },
    #[error("a background task of the host ended unexpectedly")]
    Task(#[source] tokio::task::JoinError),
}

impl From<install::Error> for Error {
    fn from(cause: install::Error) -> Self {
        Error::Install(Box::new(cause))
    }
}

/// Interval at which the host checks whether another host activated a package.
const PACKAGE_CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// Maximum wait at shutdown for the providers to log out of other systems, so that an unresponsive
/// system does not delay the shutdown further.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Migrates the database, if the configuration names the role that may change the schema. Only `eaf
/// serve` and `eaf migrate` call this: a command that reads must not change the schema under a
/// running host.
pub async fn migrate(config: &Config) -> Result<(), Error> {
    match &config.database.migrate_url {
        Some(url) => Ok(db::migrate(url).await?),
        None => Ok(()),
    }
}

/// Connects to the database and checks schema, row-level security and master key.
pub async fn core(config: &Config) -> Result<Core, Error> {
    core_at(config, system_clock::system()).await
}

/// Connects to the database and checks schema and row-level security, and not the master key, which
/// a host registers in a new database. `ambient` is the clock of everything but sessions, whose
/// ends compare with the times of the identity provider.
pub async fn connect(config: &Config, ambient: Ambient) -> Result<Core, Error> {
    let db = Db::connect(&database_config(config)).await?;
    db::check(&db).await?;
    let keys = MasterKeys {
        current: MasterKey::new(*config.master_key.bytes()),
        previous: config.previous_master_key.as_ref().map(|key| MasterKey::new(*key.bytes())),
    };
    let quota = CommandQuota { commands: config.quota.commands, bodies: config.quota.bodies };
    Ok(Core::start(db, ambient, keys, quota).with_session_clock(&system_clock::system()))
}

async fn core_at(config: &Config, ambient: Ambient) -> Result<Core, Error> {
    let core = connect(config, ambient).await?;
    // Check before any write: other hosts could not decrypt a key that is wrapped with a wrong
    // master key.
    core.master_keys.check().await?;
    if let Some(left) = core.master_keys.unreadable().await? {
        let (keys, operators) = (left.keys, left.operators);
        tracing::error!(
            keys,
            operators,
            "keys and operators are wrapped with a previous master key that is not configured: they cannot be decrypted, and \
             these operators cannot sign in. Set EAF_MASTER_KEY_PREVIOUS to it and run `eaf key rotate`"
        );
    }
    Ok(core)
}

/// Runs the host until `stop` completes, then completes the work in progress. `ambient` is the
/// clock of products, workflows and maintenance; sessions and tokens end by the system's clock.
pub async fn serve(
    config: Config,
    ambient: Ambient,
    metrics: PrometheusHandle,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    // Bind the ports first: a second host on them fails before it changes anything.
    let listener = listen(config.http.listen).await?;
    let management = eaf_http::Management::new(BUILD, metrics.clone());
    let _management = serve_management(listen(config.http.management_listen).await?, &management);

    // Database: migrated, reachable in all roles, guarded by row-level security.
    migrate(&config).await?;
    let core = Arc::new(core_at(&config, ambient).await?);

    let runtime = Runtime::start(&config, &core).await?;
    let products = Arc::new(ActivePackages::new(runtime.plugins.clone()));
    warn_of_missing_grants(&core, &runtime.plugins).await?;
    let providers = Arc::new(build_providers(&parts(&config, &core, products.clone()))?);
    // The start does not need the issuer; its keys are fetched in the background.
    let identity = Arc::new(identity(&config)?);

    let (close, closing) = watch::channel(false);
    let host = HostId(core.ambient.uuid());
    let mut background = JoinSet::new();
    spawn_engine(&mut background, &config, &core, host, runtime, &providers, &closing);
    let (keys, keys_stop) = (identity.clone(), closed(closing.clone()));
    background.spawn(async move { keys.keep_keys(keys_stop).await });
    if !config.source.secrets().is_empty() {
        background.spawn(rotation::rotate(config.source.clone(), core.clone(), identity.clone(), closing.clone()));
    }
    spawn_maintenance(&mut background, &config, &core, &metrics, &closing);
    background.spawn(maintenance::run_due_work(providers.clone(), closing.clone()));

    // HTTP last, when everything is ready.
    let app = eaf_http::App::new(core, products, providers.clone(), identity, http_config(&config), closing);
    management.started(app.clone());
    let stop = drained(stop, app.draining.clone(), config.http.drain);
    tracing::info!(address = %config.http.listen, url = config.http.public_url, %host, "serving");
    let ended = run_until(stop, eaf_http::serve(listener, app), &mut background, &close).await;
    close_providers(&providers).await;
    tracing::info!("stopped");
    ended
}

/// Version of this program. A build sets `EAF_COMMIT` to the commit of its sources.
const BUILD: eaf_http::Build =
    eaf_http::Build { version: env!("CARGO_PKG_VERSION"), commit: option_env!("EAF_COMMIT") };

async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|cause| Error::Listen { address, cause })
}

/// Serves the management port until the returned task is dropped, so that probes and metrics answer
/// from the start of the process to its end.
fn serve_management(listener: TcpListener, management: &eaf_http::Management) -> JoinSet<()> {
    let mut task = JoinSet::new();
    task.spawn(eaf_http::serve_management(listener, management.clone()));
    task
}

/// Completes some time after `stop`: the host reports meanwhile that it is not ready, and still
/// serves, because load balancers send requests until they have seen that.
async fn drained(stop: impl Future<Output = ()>, draining: eaf_http::Draining, time: Duration) {
    stop.await;
    draining.begin();
    tracing::info!(seconds = time.as_secs(), "draining: not ready, and still serving");
    tokio::time::sleep(time).await;
}

/// Client of the identity provider. The provider is not contacted yet.
pub fn identity(config: &Config) -> Result<eaf_identity::Identity, Error> {
    Ok(eaf_identity::Identity::new(&identity_config(config), system_clock::system())?)
}

/// Loaded packages, with what loads further ones.
struct Runtime {
    wasm: Wasm,
    plugins: Plugins,
    ceiling: Ceiling,
}

impl Runtime {
    /// Loads the configured packages, then all others that are active, with their tables and
    /// triggers.
    async fn start(config: &Config, core: &Core) -> Result<Runtime, Error> {
        let wasm = Wasm::new(config.plugins.compiled_cache.clone(), Limits::default())?;
        let (plugins, ceiling) = (Plugins::default(), config.plugins.ceiling.clone());
        activate_configured(core, &wasm, &plugins, &ceiling, config).await?;
        let found = install::load_active(core, &wasm, &plugins, &ceiling).await?;
        for (plugin, error) in found.failed {
            match error {
                // Serve the others; the product is missing until the ceiling or the package
                // changes.
                install::Error::Load(load::Error::Refused { .. }) => {
                    tracing::error!(plugin, error = &error as &dyn std::error::Error, "an active package is refused");
                }
                error => return Err(error.into()),
            }
        }
        Ok(Runtime { wasm, plugins, ceiling })
    }
}

/// Spawns projections and triggers, workflows, departures, and the observation of managed
/// resources.
fn spawn_engine(
    background: &mut JoinSet<()>,
    config: &Config,
    core: &Arc<Core>,
    host: HostId,
    runtime: Runtime,
    providers: &Arc<Providers>,
    closing: &watch::Receiver<bool>,
) {
    let Runtime { wasm, plugins, ceiling } = runtime;
    background.spawn(project(core.clone(), wasm, plugins.clone(), ceiling, closing.clone()));
    let packages = Arc::new(plugins.clone());
    let kernel = Arc::new(PostgresKernel::new(core.clone(), packages.clone(), host, config.workflows.lease));
    let capabilities = Arc::new(eaf_capability::capabilities(providers));
    let engine = Engine::new(kernel, packages, capabilities, EngineConfig::default());
    let engine_stop = closed(closing.clone());
    background.spawn(async move { engine.run(engine_stop).await });
    let departures = eaf_plugin::departures::Departures::new(core.clone(), plugins.clone());
    background.spawn(departures.run(closed(closing.clone())));
    let observer = eaf_plugin::observer::Observer::new(core.clone(), plugins, providers.clone());
    background.spawn(observer.run(closed(closing.clone())));
}

fn spawn_maintenance(
    background: &mut JoinSet<()>,
    config: &Config,
    core: &Arc<Core>,
    metrics: &PrometheusHandle,
    closing: &watch::Receiver<bool>,
) {
    background.spawn(maintenance::keep_metrics(metrics.clone(), core.clone(), closing.clone()));
    background.spawn(maintenance::anchor_records(core.clone(), closing.clone()));
    background.spawn(maintenance::purge_sign_ins(core.clone(), http_config(config).sessions, closing.clone()));
    background.spawn(maintenance::prune(core.clone(), config.retention, closing.clone()));
}

/// Serves until `stop` completes or a background task ends, then completes the requests and batches
/// in progress.
async fn run_until(
    stop: impl Future<Output = ()> + Send,
    serving: impl Future<Output = ()>,
    background: &mut JoinSet<()>,
    close: &watch::Sender<bool>,
) -> Result<(), Error> {
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        () = &mut serving => Some(Ok(())),
        ended = background.join_next() => ended.map(|ended| ended.map_err(Error::Task)),
        () = stop => None,
    };
    close.send_replace(true);
    match ended {
        Some(ended) => ended,
        None => {
            serving.await;
            while background.join_next().await.is_some() {}
            Ok(())
        }
    }
}

async fn close_providers(providers: &Providers) {
    let closed = futures_util::future::join_all(providers.values().map(|provider| provider.close()));
    if tokio::time::timeout(CLOSE_TIMEOUT, closed).await.is_err() {
        tracing::warn!("a capability did not close in time: its sessions at other systems stay open until they expire");
    }
}

fn database_config(config: &Config) -> db::Config {
    let database = &config.database;
    db::Config {
        app_url: database.app_url.clone(),
        direct_url: database.direct_url.clone(),
        platform_url: database.platform_url.clone(),
        app_connections: database.app_connections,
        append_connections: database.append_connections,
        platform_connections: database.platform_connections,
    }
}

fn identity_config(config: &Config) -> eaf_identity::Config {
    eaf_identity::Config {
        issuer: config.identity.issuer.clone(),
        audience: config.identity.audience.clone(),
        client_id: config.identity.client_id.clone(),
        client_secret: ClientSecret::new(config.identity.client_secret.clone()),
        tenant_claim: eaf_identity::ClaimName::new(&config.identity.tenant_claim),
        sign_out_hint: config.identity.sign_out_hint,
        subject_claim: eaf_identity::ClaimName::new(&config.identity.subject_claim),
        public_url: config.http.public_url.clone(),
    }
}

fn http_config(config: &Config) -> eaf_http::Config {
    let origin = config.http.public_url.clone();
    if config.http.danger_plain_http {
        tracing::warn!(
            url = origin,
            "people sign in without TLS: an attacker on the network can take over their sessions"
        );
    }
    let sessions = session::Limits { idle: config.sessions.idle, absolute: config.sessions.absolute };
    let rates = eaf_http::RateLimits {
        tenant: config.quota.tenant_requests,
        person: config.quota.person_requests,
        sign_ins: config.quota.sign_ins,
    };
    // The requests of one tenant may use three quarters of the database connections; a quarter
    // stays for other tenants.
    let concurrent_requests = (config.database.app_connections * 3 / 4).max(1) as usize;
    let proxies = config.http.proxies.clone();
    eaf_http::Config { web: config.http.web.clone(), origin, sessions, proxies, rates, concurrent_requests }
}

/// Validates a package and activates it. Running hosts load it within seconds.
pub async fn activate(core: &Core, ceiling: &Ceiling, file: &Path) -> Result<Arc<Plugin>, Error> {
    let bytes = tokio::fs::read(file).await.map_err(|cause| Error::PackageFile { path: file.into(), cause })?;
    let wasm = Wasm::new(None, Limits::default())?;
    let plugins = Plugins::default();
    Ok(install::install(core, &wasm, &plugins, ceiling, &bytes).await?)
}

/// OpenAPI document of a host that serves the packages in these files. It is made without a
/// database.
pub async fn openapi(packages: &[PathBuf]) -> Result<serde_json::Value, Error> {
    let wasm = Wasm::new(None, Limits::default())?;
    let mut products = BTreeMap::new();
    for path in packages {
        let file = tokio::fs::read(path).await.map_err(|cause| Error::PackageFile { path: path.clone(), cause })?;
        let plugin = load::load(&wasm, &file, 0, &Ceiling::default()).map_err(|cause| Error::Load(Box::new(cause)))?;
        products.insert(plugin.id().to_owned(), active_packages::product(&plugin));
    }
    Ok(eaf_http::document(&products.into_values().collect::<Vec<_>>()))
}

/// Providers of all capabilities of this binary, for a command that uses them without serving.
pub fn providers(config: &Config, core: &Arc<Core>) -> Result<Providers, Error> {
    build_providers(&parts(config, core, Arc::new(ActivePackages::new(Plugins::default()))))
}

fn parts(config: &Config, core: &Arc<Core>, packages: Arc<ActivePackages>) -> ProviderDependencies {
    let own = own_services::of(config);
    let egress = egress::Policy::new(config.egress.rules.clone(), own, Arc::new(egress::SystemLookup));
    ProviderDependencies {
        core: core.clone(),
        packages,
        egress: Arc::new(egress),
        login_limiter: Arc::default(),
        public_url: config.http.public_url.clone(),
    }
}

fn build_providers(parts: &ProviderDependencies) -> Result<Providers, Error> {
    let mut registrations: Vec<&Registration> = inventory::iter::<Registration>.into_iter().collect();
    registrations.sort_by_key(|registration| registration.name);
    if let Some(pair) = registrations.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(Error::DuplicateCapability(pair[0].name));
    }
    for locale in [Locale::De, Locale::En] {
        audit::sentences(locale)?;
    }
    let names: Vec<&str> = registrations.iter().map(|registration| registration.name).collect();
    tracing::info!(capabilities = names.join(", "), "capabilities");
    Ok(registrations.into_iter().map(|one| (one.name.to_string(), (one.make)(parts))).collect())
}

async fn activate_configured(
    core: &Core,
    wasm: &Wasm,
    plugins: &Plugins,
    ceiling: &Ceiling,
    config: &Config,
) -> Result<(), Error> {
    for path in &config.plugins.packages {
        let file = tokio::fs::read(path).await.map_err(|cause| Error::PackageFile { path: path.clone(), cause })?;
        let package = package::read(&file)?;
        let plugin = manifest::parse(package.require("plugin.toml")?)?.plugin.id;
        let active = eaf_core::package::active(&core.db, &plugin).await?;
        let activate = match (config.plugins.activation, active) {
            (_, None) => true,
            (Activation::IfNoneActive, Some(_)) => false,
            (Activation::IfDifferent, Some(active)) => active.digest != package.digest(),
        };
        if activate {
            install::install(core, wasm, plugins, ceiling, &file).await?;
            tracing::info!(plugin, digest = package.digest(), "package activated");
        }
    }
    Ok(())
}

/// Logs a warning for each missing grant, because a workflow would fail only later, when it needs
/// the grant.
async fn warn_of_missing_grants(core: &Core, plugins: &Plugins) -> Result<(), Error> {
    for (tenant, slug) in directory::tenants(&core.db).await? {
        let granted = grant::list(&core.db, tenant).await?;
        let products = directory::tenant(&core.db, tenant).await?.map(|tenant| tenant.products).unwrap_or_default();
        for plugin in plugins.all().into_iter().filter(|plugin| products.iter().any(|id| id == plugin.id())) {
            for missing in granting::missing(plugin.id(), &plugin.manifest.requests, &granted) {
                let (capability, grant) = (&missing.capability, &missing.grant);
                tracing::warn!(tenant = slug, plugin = plugin.id(), capability, grant, "a grant is missing");
            }
        }
    }
    Ok(())
}

/// Runs the projections of the active packages, and restarts them when a package was activated here
/// or on another host.
async fn project(core: Arc<Core>, wasm: Wasm, plugins: Plugins, ceiling: Ceiling, closing: watch::Receiver<bool>) {
    while !*closing.borrow() {
        let domains: Vec<Arc<dyn Domain>> = plugins.all().iter().map(|plugin| plugin.domain.clone()).collect();
        let changed = async {
            loop {
                tokio::time::sleep(PACKAGE_CHECK_INTERVAL).await;
                let found = match install::load_active(&core, &wasm, &plugins, &ceiling).await {
                    Ok(found) => found,
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "the active packages cannot be read");
                        continue;
                    }
                };
                for (plugin, error) in &found.failed {
                    tracing::error!(plugin, error = error as &dyn std::error::Error, "a package cannot be served yet");
                }
                if !found.new.is_empty() {
                    return;
                }
            }
        };
        let stop = async {
            tokio::select! {
                () = closed(closing.clone()) => {}
                () = changed => {}
            }
        };
        consumers::Runner::new(core.clone(), domains).run(stop).await;
    }
}

async fn closed(mut closing: watch::Receiver<bool>) {
    // The wait also ends when the sender is dropped.
    let _sender_gone = closing.wait_for(|closing| *closing).await;
}
