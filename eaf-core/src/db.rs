//! Connection pools for PostgreSQL, and transactions that are limited to one tenant.
//!
//! | Access | Role | Purpose |
//! |---|---|---|
//! | [`TenantTx`] | `eaf_app` | reads and writes of one tenant; may go through PgBouncer |
//! | append pool | `eaf_app`, direct | the statements that append to the log |
//! | platform pool | `eaf_platform` | columns without payload, of all tenants |
//!
//! [`TenantTx`] sets `app.tenant_id` for its transaction alone. Row level security isolates the
//! tenants; queries name the tenant as well, as defence in depth.

mod bootstrap;
mod budget;
mod check;
mod functions;
mod migrate;
#[cfg(feature = "development")]
mod move_clock;
mod probe;
mod ready;
mod schema;
mod transient;
mod transport;
mod writable;

pub use bootstrap::{Passwords, ROLES, Unfit, bootstrap};
#[cfg(feature = "testing")]
pub use check::catalogue_findings;
pub use check::check;
#[cfg(feature = "testing")]
pub(crate) use migrate::embedded_schema;
pub use migrate::migrate;
#[cfg(feature = "development")]
pub use move_clock::move_clock;
pub use probe::{Probe, probe};
pub use ready::ready;
pub(crate) use transient::is_refused_value;
pub use transient::is_transient;
pub use transport::{Transport, server, transport};
pub(crate) use writable::require_writable;

use writable::RecentFailure;

use crate::id::TenantId;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, SqlSafeStr, SqlStr, Transaction};
use std::str::FromStr;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database address of {role} is not a PostgreSQL URL")]
    Address {
        role: &'static str,
        #[source]
        cause: sqlx::Error,
    },
    #[error("no connection to the database as {role}")]
    Connect {
        role: &'static str,
        #[source]
        cause: sqlx::Error,
    },
    #[error("the transaction could not be opened")]
    Begin(#[source] sqlx::Error),
    #[error("the transaction could not be committed")]
    Commit(#[source] sqlx::Error),
    #[error("the roles could not be set up")]
    Bootstrap(#[source] sqlx::Error),
    #[error("the roles cannot be set up here")]
    Unfit(#[source] Unfit),
    #[error("the database could not be migrated")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    #[error("migrations/functions/{name}.sql could not be applied")]
    Function {
        name: &'static str,
        #[source]
        cause: sqlx::Error,
    },
    /// The schema lacks migrations or differs. One finding per line.
    #[error(
        "the schema of the database is older than this program, or was changed:\n  {}\n\
         Run `eaf migrate` of this program, or start the host with EAF_DATABASE_MIGRATE_URL.",
        .0.join("\n  ")
    )]
    Schema(Vec<String>),
    #[error(
        "this host may open {needed} connections to the database, which accepts {available}: \
         raise max_connections of the database, or lower EAF's numbers of connections"
    )]
    TooManyConnections { needed: u32, available: i32 },
    #[error("the catalogue of the database could not be read")]
    ReadCatalogue(#[source] sqlx::Error),
    /// The database does not isolate tenants. One finding per line.
    #[error("the database does not isolate tenants:\n  {}", .0.join("\n  "))]
    Catalogue(Vec<String>),
}

/// Time after which PostgreSQL ends an open transaction to which the client sends no statement. A
/// component that is called within a transaction must answer in less time.
pub const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(5);

/// Maximum time for which a caller waits for a free connection of a pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// Number of connections of the append pool that send notifications, not appends: one for the
/// doorbell, one for the live feed.
const NOTIFIERS: usize = 2;

/// Addresses of the database, one URL per role, and sizes of the pools. The URLs hold passwords and
/// must not be logged.
#[derive(Clone)]
pub struct Config {
    /// URL for the role `eaf_app`, which may lead to PgBouncer.
    pub app_url: String,
    /// URL for the role `eaf_app` that does not lead to a pooler, for append and LISTEN.
    pub direct_url: String,
    /// URL for the role `eaf_platform`.
    pub platform_url: String,
    pub app_connections: u32,
    /// Number of connections of the append pool, 8 to 16. With more, appending becomes slower.
    pub append_connections: u32,
    pub platform_connections: u32,
}

/// Connection pools of the three kinds of access. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    app: PgPool,
    append: PgPool,
    platform: PgPool,
    recent_failure: RecentFailure,
}

impl Db {
    pub async fn connect(config: &Config) -> Result<Self, Error> {
        let [app, append, platform] = all_options(config)?;
        let recent_failure = RecentFailure::default();
        Ok(Db {
            app: pool("eaf_app", app, config.app_connections, ConnectionCheck::AfterPause(recent_failure.clone()))
                .await?,
            append: pool("eaf_app (direct)", append, config.append_connections, ConnectionCheck::OnFailure).await?,
            platform: pool("eaf_platform", platform, config.platform_connections, ConnectionCheck::BeforeUse).await?,
            recent_failure,
        })
    }

    /// Uses other addresses or passwords for new connections. Present connections stay open.
    pub fn replace_addresses(&self, config: &Config) -> Result<(), Error> {
        let [app, append, platform] = all_options(config)?;
        self.app.set_connect_options(app);
        self.append.set_connect_options(append);
        self.platform.set_connect_options(platform);
        Ok(())
    }

    /// Opens a transaction in which row-level security shows only the rows of this tenant.
    pub async fn tenant(&self, tenant: TenantId) -> Result<TenantTx, Error> {
        // A recently used connection is not checked; after its failure one retry checks all.
        let tx = match self.begin(tenant).await {
            Err(cause) if transient::is_transient_cause(&cause) && self.recent_failure.record() => {
                self.begin(tenant).await
            }
            begun => begun,
        };
        Ok(TenantTx { tx: tx.map_err(Error::Begin)?, tenant })
    }

    /// Begins a transaction and sets the tenant in one message, which saves a round trip. The
    /// simple-query protocol of that message takes no parameters; the tenant's UUID needs no
    /// quoting.
    async fn begin(&self, tenant: TenantId) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let begin = AssertSqlSafe(format!("begin; select eaf.begin_tenant('{}')", tenant.0)).into_sql_str();
        let begun = begin_entirely(&self.app, Some(begin));
        let begun = tokio::time::timeout(ACQUIRE_TIMEOUT + writable::PROBE_TIMEOUT, begun).await;
        begun.unwrap_or_else(|_| Err(writable::no_answer()))
    }

    /// Opens a transaction of the role `eaf_platform`.
    pub(crate) async fn platform_tx(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        begin_entirely(&self.platform, None).await
    }

    /// Number of appends that may run at the same time. The append pool's other connections send
    /// notifications.
    pub(crate) fn max_concurrent_appends(&self) -> usize {
        (self.append.options().get_max_connections() as usize).saturating_sub(NOTIFIERS).max(1)
    }

    /// Checks the connection on which an append failed, and the pool's idle connections. These may
    /// be lost too, or lead to a read-only server.
    pub(crate) fn recheck_append_pool(&self, failed: Option<PoolConnection<Postgres>>) {
        let idle = std::iter::from_fn(|| self.append.try_acquire());
        for conn in failed.into_iter().chain(idle) {
            tokio::spawn(writable::recheck(conn));
        }
    }

    /// Use of the host's connections, pool by pool.
    pub fn pools(&self) -> [PoolUse; 3] {
        [("app", &self.app), ("append", &self.append), ("platform", &self.platform)].map(|(name, pool)| {
            let idle = pool.num_idle();
            let used = (pool.size() as usize).saturating_sub(idle);
            PoolUse { name, idle, used, max: pool.options().get_max_connections() as usize }
        })
    }

    pub(crate) fn append_pool(&self) -> &PgPool {
        &self.append
    }

    pub(crate) fn platform_pool(&self) -> &PgPool {
        &self.platform
    }
}

/// Connections of one pool, as numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolUse {
    pub name: &'static str,
    pub idle: usize,
    pub used: usize,
    /// Maximum number of connections, idle and used.
    pub max: usize,
}

/// Begins a transaction in a task of its own, which ends also if the caller's future is dropped:
/// the transaction is then rolled back. When a `begin` is dropped before its answer, as on the
/// reload of a page, sqlx returns the connection to the pool with the transaction open.
async fn begin_entirely(
    pool: &PgPool,
    statement: Option<SqlStr>,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let conn = pool.acquire().await?;
    let begun = tokio::spawn(tokio::time::timeout(ACQUIRE_TIMEOUT, Transaction::begin(conn, statement))).await;
    begun.unwrap_or_else(|_| Ok(Err(sqlx::Error::WorkerCrashed))).unwrap_or_else(|_| Err(writable::no_answer()))
}

/// Time at which a pool checks whether a connection is lost or its server read-only.
enum ConnectionCheck {
    /// The pool checks before each use, which costs one round trip each time.
    BeforeUse,
    /// The pool checks only after a pause or a recent failure. On a lost connection, already the
    /// first statement of a transaction fails.
    AfterPause(RecentFailure),
    /// The pool never checks before use. An append that failed is repeated with the same
    /// idempotency key.
    OnFailure,
}

/// Source of a connection's settings, such as its time-outs.
#[derive(Clone, Copy, PartialEq)]
enum SettingsSource {
    /// Parameters that the host sends when it connects.
    Startup,
    /// Settings of the role in `migrations/roles.sql`, because a pooler does not forward
    /// parameters. [`check`] verifies these settings.
    Role,
}

/// Options of the pools for app, append and platform.
fn all_options(config: &Config) -> Result<[PgConnectOptions; 3], Error> {
    let settings = if config.app_url == config.direct_url { SettingsSource::Startup } else { SettingsSource::Role };
    Ok([
        options("eaf_app", &config.app_url, settings)?,
        options("eaf_app (direct)", &config.direct_url, SettingsSource::Startup)?,
        options("eaf_platform", &config.platform_url, SettingsSource::Startup)?,
    ])
}

fn options(role: &'static str, url: &str, settings: SettingsSource) -> Result<PgConnectOptions, Error> {
    let options = PgConnectOptions::from_str(url).map_err(|cause| Error::Address { role, cause })?;
    let options = options.application_name("eaf").extra_float_digits(None);
    let idle = IDLE_IN_TRANSACTION.as_millis().to_string();
    Ok(match settings {
        SettingsSource::Role => options,
        SettingsSource::Startup => options.options([
            ("idle_in_transaction_session_timeout", idle.as_str()),
            ("lock_timeout", "10000"),
            ("statement_timeout", "30000"),
            ("tcp_user_timeout", "10000"),
        ]),
    })
}

async fn pool(
    role: &'static str,
    options: PgConnectOptions,
    connections: u32,
    check: ConnectionCheck,
) -> Result<PgPool, Error> {
    let pool =
        PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT).test_before_acquire(false);
    let pool = match check {
        ConnectionCheck::BeforeUse => {
            pool.before_acquire(|conn, _| Box::pin(async move { require_writable(conn).await.map(|()| true) }))
        }
        ConnectionCheck::AfterPause(recent_failure) => pool.before_acquire(move |conn, use_of| {
            let is_fresh = use_of.idle_for < writable::RECENTLY_USED && !recent_failure.is_recent();
            Box::pin(async move { if is_fresh { Ok(true) } else { require_writable(conn).await.map(|()| true) } })
        }),
        ConnectionCheck::OnFailure => pool,
    };
    pool.connect_with(options).await.map_err(|cause| Error::Connect { role, cause })
}

/// Transaction that sees and changes the rows of one tenant. If it is dropped without
/// [`commit`](Self::commit), it is rolled back.
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    tenant: TenantId,
}

impl TenantTx {
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    pub async fn commit(self) -> Result<(), Error> {
        self.tx.commit().await.map_err(Error::Commit)
    }

    /// Rolls back the transaction and waits until its locks are released; dropping it does not
    /// wait. A retry that follows at once needs these locks.
    pub(crate) async fn rollback(self) {
        // PostgreSQL rolls back the transaction of a lost connection.
        if let Err(error) = self.tx.rollback().await {
            tracing::debug!(%error, "a transaction could not be rolled back: its connection is lost");
        }
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::Database;
    use std::task::Poll;

    /// Number of sessions of the host with an open transaction.
    async fn open_transactions(database: &Database) -> i64 {
        let count = "select count(*) from pg_stat_activity where datname = current_database()
                     and usename in ('eaf_app', 'eaf_platform') and state like 'idle in transaction%'";
        sqlx::query_scalar(count).fetch_one(&mut database.superuser().await).await.expect("readable")
    }

    /// Polls a future this many times, and drops it.
    async fn drop_after<T>(polls: usize, future: impl Future<Output = T>) {
        let mut future = std::pin::pin!(future);
        for _ in 0..polls {
            let once = std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready()));
            if once.await {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until the pool's connection was returned.
    async fn until_idle(pool: &PgPool) {
        while pool.num_idle() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn a_transaction_whose_begin_is_dropped_is_rolled_back() {
        let database = Database::fresh().await;
        let db = Db::connect(&Config { app_connections: 1, platform_connections: 1, ..database.config() }).await;
        let db = db.expect("the test database accepts its roles");
        let tenant = TenantId::derive("acme");
        for polls in 1..12 {
            until_idle(&db.app).await;
            drop_after(polls, db.tenant(tenant)).await;
            until_idle(&db.platform).await;
            drop_after(polls, db.platform_tx()).await;
            let mut tx = db.tenant(tenant).await.expect("begun");
            sqlx::query("select 1").execute(tx.conn()).await.expect("usable");
            drop(db.platform_tx().await.expect("begun"));
            drop_after(polls, sqlx::query("select pg_sleep(0.01)").execute(tx.conn())).await;
        }
        drop(db.tenant(tenant).await.expect("begun"));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(open_transactions(&database).await, 0);
        assert!(!db.recent_failure.is_recent(), "a transaction began on a connection with an open one");
    }
}
