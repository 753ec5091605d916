//! The doors to PostgreSQL.
//!
//! | door | role | for |
//! |---|---|---|
//! | [`TenantTx`] | `eaf_app` | all reads, and state beside the log; may go through a transaction-pooling PgBouncer |
//! | `Db::append` pool | `eaf_app`, direct | the one statement that appends |
//! | `Db::platform` pool | `eaf_platform` | payload-free columns across tenants: leases, due times, heads of lanes |
//!
//! `TenantTx` sets the tenant for its transaction alone. RLS is the wall; queries still name the tenant.

mod bootstrap;
mod budget;
mod check;
mod functions;
mod migrate;
mod ready;
mod schema;
mod transport;
mod trouble;
mod writable;

pub use bootstrap::{Passwords, bootstrap};
#[cfg(feature = "testing")]
pub use check::catalogue_findings;
pub use check::check;
#[cfg(feature = "testing")]
pub(crate) use migrate::embedded_schema;
pub use migrate::migrate;
pub use ready::ready;
pub use transport::{Transport, server, transport};
pub(crate) use trouble::is_refused_value;
pub use trouble::is_transient;
pub(crate) use writable::demand_writes;

use writable::Doubt;

use crate::id::TenantId;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};
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
    #[error("the database could not be migrated")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    #[error("migrations/functions/{name}.sql could not be applied")]
    Function {
        name: &'static str,
        #[source]
        cause: sqlx::Error,
    },
    /// One readable line per finding.
    #[error(
        "the database's schema is older than this program or another one:\n  {}\nRun `eaf migrate` of this program, or start the host with EAF_DATABASE_MIGRATE_URL.",
        .0.join("\n  ")
    )]
    Schema(Vec<String>),
    #[error(
        "this host may open {needed} connections to the database, which lets in {available}: raise max_connections there, or lower EAF's numbers of connections"
    )]
    TooManyConnections { needed: u32, available: i32 },
    #[error("the database's catalogue could not be read")]
    ReadCatalogue(#[source] sqlx::Error),
    /// One readable line per finding.
    #[error("the database does not keep tenants apart as it must:\n  {}", .0.join("\n  "))]
    Catalogue(Vec<String>),
}

/// How long a transaction may wait for its client before the database ends it. What is done in between, such as a call of
/// a component, must be over sooner.
pub const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(5);

/// How long a request waits for a connection of a pool.
const ACQUIRE: Duration = Duration::from_secs(10);

/// The doorbell and the feed each send their notifications through the append pool.
const TELLERS: usize = 2;

/// Where the database is, one URL per role. Passwords are in the URLs: never log them.
#[derive(Clone)]
pub struct Config {
    /// `eaf_app`; may point to PgBouncer.
    pub app_url: String,
    /// `eaf_app`, direct: append and LISTEN.
    pub direct_url: String,
    /// `eaf_platform`.
    pub platform_url: String,
    pub app_connections: u32,
    /// 8 to 16 are faster than more.
    pub append_connections: u32,
    pub platform_connections: u32,
}

/// The pools. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    app: PgPool,
    append: PgPool,
    platform: PgPool,
    direct_url: String,
    doubt: Doubt,
}

impl Db {
    pub async fn connect(config: &Config) -> Result<Self, Error> {
        let settings = if config.app_url == config.direct_url { Settings::Sent } else { Settings::OfTheRole };
        let app = options("eaf_app", &config.app_url, settings)?;
        let append = options("eaf_app (direct)", &config.direct_url, Settings::Sent)?;
        let platform = options("eaf_platform", &config.platform_url, Settings::Sent)?;
        let doubt = Doubt::default();
        Ok(Db {
            app: pool("eaf_app", app, config.app_connections, Check::AfterPause(doubt.clone())).await?,
            append: pool("eaf_app (direct)", append, config.append_connections, Check::OnFailure).await?,
            platform: pool("eaf_platform", platform, config.platform_connections, Check::BeforeUse).await?,
            direct_url: config.direct_url.clone(),
            doubt,
        })
    }

    /// Opens a transaction in which only this tenant's rows exist.
    pub async fn tenant(&self, tenant: TenantId) -> Result<TenantTx, Error> {
        // A connection that was fit a moment ago is taken unchecked; in doubt, all are checked.
        let tx = match self.begin(tenant).await {
            Err(cause) if trouble::passes(&cause) && self.doubt.raise() => self.begin(tenant).await,
            begun => begun,
        };
        Ok(TenantTx { tx: tx.map_err(Error::Begin)?, tenant })
    }

    /// One message. A parameter would take a second one; a UUID needs no quoting.
    async fn begin(&self, tenant: TenantId) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let begin = AssertSqlSafe(format!("begin; select eaf.begin_tenant('{}')", tenant.0));
        let begun = tokio::time::timeout(ACQUIRE + writable::ANSWER, self.app.begin_with(begin)).await;
        begun.unwrap_or_else(|_| Err(writable::silent()))
    }

    /// The pool's other connections tell other hosts what has happened.
    pub(crate) fn appends_at_once(&self) -> usize {
        (self.append.options().get_max_connections() as usize).saturating_sub(TELLERS).max(1)
    }

    /// Looks at the connection whose append has failed and at those that idle: they may be lost, or
    /// lead to a server that only reads, as well.
    pub(crate) fn look_at_appenders(&self, failed: Option<PoolConnection<Postgres>>) {
        let idle = std::iter::from_fn(|| self.append.try_acquire());
        for conn in failed.into_iter().chain(idle) {
            tokio::spawn(writable::release(conn));
        }
    }

    pub(crate) fn append_pool(&self) -> &PgPool {
        &self.append
    }

    pub(crate) fn platform_pool(&self) -> &PgPool {
        &self.platform
    }

    /// For LISTEN, which needs a connection of its own.
    pub(crate) fn direct_url(&self) -> &str {
        &self.direct_url
    }
}

/// When a pool finds out that a connection was lost, or that its server only reads.
enum Check {
    /// Costs a round trip each time.
    BeforeUse,
    /// Where the first statement finds out as well: only after a pause, and in times of doubt.
    AfterPause(Doubt),
    /// Whoever gets the error asks again with the same key, as after any append whose answer was lost.
    OnFailure,
}

/// Where a connection's time-outs come from.
#[derive(Clone, Copy, PartialEq)]
enum Settings {
    Sent,
    /// A pooler takes none; `migrations/roles.sql` sets them, and the start checks that it did.
    OfTheRole,
}

fn options(role: &'static str, url: &str, settings: Settings) -> Result<PgConnectOptions, Error> {
    let options = PgConnectOptions::from_str(url).map_err(|cause| Error::Address { role, cause })?;
    let options = options.application_name("eaf").extra_float_digits(None);
    let idle = IDLE_IN_TRANSACTION.as_millis().to_string();
    Ok(match settings {
        Settings::OfTheRole => options,
        Settings::Sent => options.options([
            ("idle_in_transaction_session_timeout", idle.as_str()),
            ("lock_timeout", "10000"),
            ("statement_timeout", "30000"),
            ("tcp_user_timeout", "10000"),
        ]),
    })
}

async fn pool(role: &'static str, options: PgConnectOptions, connections: u32, check: Check) -> Result<PgPool, Error> {
    let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE).test_before_acquire(false);
    let pool = match check {
        Check::BeforeUse => {
            pool.before_acquire(|conn, _| Box::pin(async move { demand_writes(conn).await.map(|()| true) }))
        }
        Check::AfterPause(doubt) => pool.before_acquire(move |conn, use_of| {
            let fresh = use_of.idle_for < writable::FRESH && !doubt.is_raised();
            Box::pin(async move { if fresh { Ok(true) } else { demand_writes(conn).await.map(|()| true) } })
        }),
        Check::OnFailure => pool,
    };
    pool.connect_with(options).await.map_err(|cause| Error::Connect { role, cause })
}

/// One transaction of one tenant. Dropped without [`commit`](Self::commit), it rolls back.
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

    /// For whoever tries again at once: its locks are gone when this returns, which a drop does not promise.
    pub(crate) async fn rollback(self) {
        // A connection that is lost rolls back by itself.
        if let Err(error) = self.tx.rollback().await {
            tracing::debug!(%error, "a transaction ended with its connection");
        }
    }
}
