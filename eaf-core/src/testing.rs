//! PostgreSQL for tests: each test has its own database, copied from a template that is migrated
//! once.
//!
//! `EAF_TEST_SUPERUSER_URL` is the superuser's URL of a PostgreSQL cluster for tests, such as
//! `postgres://postgres@127.0.0.1:54321/postgres`. Several test processes may use one cluster.

mod contents;
pub mod plain;
mod schema;

pub use contents::rows_as_text;

use crate::Core;
use crate::actor::{ActorKind, Affiliation, Caller, Locale, TraceId};
use crate::clock::{Ambient, Clock, Entropy};
use crate::command_bus::CommandQuota;
use crate::crypto::MasterKey;
use crate::db::{self, Db, Passwords};
use crate::id::{ActorId, TenantId};
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::str::FromStr;
use std::sync::Arc;
use time::OffsetDateTime;
use uuid::Uuid;

const URL: &str = "EAF_TEST_SUPERUSER_URL";
/// Password of every PostgreSQL role in tests.
pub const PASSWORD: &str = "only-in-tests";
/// Advisory lock under which one test process at a time creates roles and templates.
const LOCK: i64 = 0x6561_665f_7465_7374;

/// Database of one test. It is dropped together with this value.
pub struct Database {
    name: String,
    /// Superuser's URL of another database of the cluster, for statements such as `drop database`.
    cluster_url: String,
    superuser_url: String,
}

impl Database {
    pub async fn fresh() -> Database {
        Database::fresh_in(&cluster_url()).await
    }

    /// Creates a migrated database in the cluster with this superuser's URL.
    pub async fn fresh_in(cluster_url: &str) -> Database {
        let name = format!("eaf_test_{}", ambient().uuid().simple());
        let mut conn = connect(cluster_url).await;
        lock(&mut conn).await;
        let template = template(&mut conn, cluster_url).await;
        // The lock is held here, because PostgreSQL refuses a template that has another connection.
        run(&mut conn, format!("create database {name} template {template}")).await;
        conn.close().await.expect("the cluster is there");
        let superuser_url = with_database(cluster_url, &name);
        Database { name, cluster_url: cluster_url.to_owned(), superuser_url }
    }

    /// Connects to this database as a superuser, for whom row-level security does not apply.
    pub async fn superuser(&self) -> PgConnection {
        connect(&self.superuser_url).await
    }

    pub async fn as_role(&self, role: &str) -> PgConnection {
        connect(&self.url(role)).await
    }

    /// URL of this database for a role: `eaf_app`, `eaf_platform` or `eaf_migrate`.
    pub fn url(&self, role: &str) -> String {
        let (scheme, rest) = self.superuser_url.split_once("://").expect("a URL");
        let host = rest.split_once('@').map_or(rest, |(_, host)| host);
        format!("{scheme}://{role}:{PASSWORD}@{host}")
    }

    pub fn superuser_url(&self) -> &str {
        &self.superuser_url
    }

    pub fn config(&self) -> db::Config {
        db::Config {
            app_url: self.url("eaf_app"),
            direct_url: self.url("eaf_app"),
            platform_url: self.url("eaf_platform"),
            app_connections: 6,
            append_connections: 6,
            platform_connections: 2,
        }
    }

    pub async fn db(&self) -> Db {
        Db::connect(&self.config()).await.expect("the test database accepts its roles")
    }

    pub async fn core(&self) -> Core {
        self.core_with(CommandQuota::default()).await
    }

    /// Starts a core whose tenants have this quota.
    pub async fn core_with(&self, quota: CommandQuota) -> Core {
        Core::start(self.db().await, ambient(), master_key(), quota)
    }
}

impl Database {
    /// Runs SQL statements in this database as a superuser.
    pub async fn run(&self, statements: &str) {
        run(&mut self.superuser().await, statements.to_owned()).await;
    }

    /// Makes new connections to this database read-only, as after a failover; false makes them
    /// writable. Existing connections do not change.
    pub async fn read_only(&self, only: bool) {
        // The statement runs in another database, because in this one it may be refused as a write.
        let mut root = connect(&self.cluster_url).await;
        let setting =
            if only { "set default_transaction_read_only = on" } else { "reset default_transaction_read_only" };
        run(&mut root, format!("alter database {} {setting}", self.name)).await;
    }

    /// Ends all database connections of the host, as a failover does.
    pub async fn end_sessions(&self) {
        let mut root = connect(&self.cluster_url).await;
        let end = "select pg_terminate_backend(pid) from pg_stat_activity where usename in ('eaf_app', 'eaf_platform')";
        run(&mut root, format!("{end} and datname = '{}'", self.name)).await;
    }

    /// State of the newest journal entry of a call, such as `vsphere.clone`, in any tenant:
    /// `intent`, `pending` or `done`. Also the number of entries of this call that are done. One
    /// statement reads both.
    pub async fn journal(&self, call: &str) -> (Option<String>, i64) {
        let query = sqlx::query_as(
            "select (array_agg(state order by started_at desc, seq desc))[1], count(*) filter (where state = 'done')
             from eaf.journal where capability || '.' || function = $1",
        );
        query.bind(call).fetch_one(&mut self.superuser().await).await.expect("a superuser reads the journal")
    }

    /// Workflow and call of each journal entry, such as `provision` and `vsphere.clone`. Each pair
    /// appears once, sorted.
    pub async fn journaled_calls(&self) -> Vec<(String, String)> {
        let calls = "select distinct workflow, capability || '.' || function from eaf.journal join eaf.run using (tenant_id, run_id)
                     order by 1, 2";
        sqlx::query_as(calls).fetch_all(&mut self.superuser().await).await.expect("a superuser reads the journal")
    }

    /// Makes a sleeping run of this workflow, whose event is in the log, due in some seconds.
    /// Returns the run's id and the number of its leases so far.
    pub async fn make_due(&self, workflow: &str, seconds: u32) -> (Uuid, i64) {
        let mut conn = self.superuser().await;
        let found: (Uuid, i64) = sqlx::query_as(
            "update eaf.run r set due_at = clock_timestamp() + make_interval(secs => $2)
             where workflow = $1 and state = 'open' and exists (select from eaf.event e where e.event_id = r.event_id)
             returning run_id, lease_fence",
        )
        .bind(workflow)
        .bind(f64::from(seconds))
        .fetch_one(&mut conn)
        .await
        .expect("a run of the workflow sleeps");
        let due = "update eaf.journal set poll_at = clock_timestamp() where run_id = $1 and state = 'pending'";
        sqlx::query(due).bind(found.0).execute(&mut conn).await.expect("a superuser writes the journal");
        found
    }

    /// Number of leases of a run so far.
    pub async fn leases(&self, run: Uuid) -> i64 {
        let leases = sqlx::query_scalar("select lease_fence from eaf.run where run_id = $1").bind(run);
        leases.fetch_one(&mut self.superuser().await).await.expect("the run exists")
    }

    /// Blocks appends to this tenant's log until the returned guard is dropped.
    pub async fn lock_appends(&self, tenant: TenantId) -> LockGuard {
        self.lock(&format!("select pg_advisory_xact_lock(uuid_hash_extended('{tenant}', 0))")).await
    }

    /// Blocks changes of the newest journal entry of this call until the returned guard is dropped.
    pub async fn lock_journal(&self, call: &str) -> LockGuard {
        self.lock(&format!(
            "select from eaf.journal where capability || '.' || function = '{call}'
             order by started_at desc, seq desc limit 1 for update"
        ))
        .await
    }

    /// Opens a transaction that has written a row of this tenant, and keeps it open until the
    /// returned guard is dropped.
    pub async fn hold_transaction_open(&self, tenant: TenantId) -> LockGuard {
        let name = "update eaf.tenant set name = name where tenant_id";
        self.lock(&format!("{name} = '{tenant}'")).await
    }

    async fn lock(&self, statement: &str) -> LockGuard {
        let mut conn = self.superuser().await;
        run(&mut conn, "begin".into()).await;
        run(&mut conn, statement.into()).await;
        LockGuard { _conn: conn }
    }

    /// Ends the waiting statements and the leases of a host that was killed, which otherwise end
    /// only by their time-outs.
    pub async fn clean_up_killed_host(&self) {
        let end = "select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and usename in ('eaf_app', 'eaf_platform') and wait_event_type = 'Lock'";
        let mut root = self.superuser().await;
        run(&mut root, end.into()).await;
        run(&mut root, "update eaf.run set lease_until = now() where lease_until > now()".into()).await;
    }

    /// Host that has leased the newest open run of this workflow, with the fence of the lease.
    /// `None`: no host has leased such a run.
    pub async fn lease(&self, workflow: &str) -> Option<(Uuid, i64)> {
        let holder = "select lease_host, lease_fence from eaf.run
                      where workflow = $1 and state = 'open' and lease_until > clock_timestamp() order by created_at desc limit 1";
        let row = sqlx::query_as(holder).bind(workflow).fetch_optional(&mut self.superuser().await).await;
        row.expect("the runs can be read")
    }

    /// Number of database connections that wait for an advisory lock, such as that of
    /// [`lock_appends`](Self::lock_appends). PostgreSQL grants the lock in the order of arrival.
    pub async fn waiting_to_append(&self) -> i64 {
        let waiting = "select count(*) from pg_locks where database = (select oid from pg_database where datname = current_database())
                       and locktype = 'advisory' and not granted";
        sqlx::query_scalar(waiting).fetch_one(&mut self.superuser().await).await.expect("locks can be read")
    }

    /// Number of events in this tenant's log.
    pub async fn events(&self, tenant: TenantId) -> i64 {
        let count = sqlx::query_scalar("select count(*) from eaf.event where tenant_id = $1").bind(tenant);
        count.fetch_one(&mut self.superuser().await).await.expect("the events can be counted")
    }

    /// Command id and position of each event of this type, such as `dcm.request-submitted`, in all
    /// tenants.
    pub async fn recorded(&self, kind: &str) -> Vec<(String, String)> {
        let query =
            "select convert_from(meta, 'UTF8')::jsonb ->> 'command_id', (select epoch from eaf.log_epoch) || '-' || pos
                     from eaf.event where type = $1";
        let rows = sqlx::query_as(query).bind(kind).fetch_all(&mut self.superuser().await).await;
        rows.expect("a superuser reads the events")
    }

    /// Number of events of this type, such as `dcm.request-submitted`, in all tenants.
    pub async fn recorded_count(&self, kind: &str) -> i64 {
        let count = sqlx::query_scalar("select count(*) from eaf.event where type = $1").bind(kind);
        count.fetch_one(&mut self.superuser().await).await.expect("the events can be counted")
    }

    /// Events, of all tenants, before which positions or versions have a gap, or whose hash is
    /// wrong.
    pub async fn broken_logs(&self) -> Vec<String> {
        let query = "select format('%s/%s at %s', tenant_id, lane, pos) from (
                       select *, lag(pos, 1, 0::bigint) over log as before, lag(chain) over log as link,
                              lag(version, 1, 0::bigint) over (partition by tenant_id, stream_id order by version) as older
                       from eaf.event window log as (partition by tenant_id, lane order by pos)) e
                     where pos <> before + 1 or version <> older + 1
                       or leaf <> eaf.leaf(tenant_id, lane, pos, stream_id, version, event_id, type, schema_version, data, meta, at)
                       or chain <> sha256(coalesce(link, eaf.genesis(tenant_id, lane)) || leaf)";
        sqlx::query_scalar(query).fetch_all(&mut self.superuser().await).await.expect("a superuser reads the events")
    }

    /// Number of departures at which products have not looked yet, in all tenants.
    pub async fn departures(&self) -> i64 {
        let count = sqlx::query_scalar("select count(*) from eaf.departure where not looked");
        count.fetch_one(&mut self.superuser().await).await.expect("the departures can be counted")
    }

    /// Number of open workflow runs in all tenants.
    pub async fn open_runs(&self) -> i64 {
        let mut conn = self.superuser().await;
        let count = sqlx::query_scalar("select count(*) from eaf.run where state = 'open'");
        count.fetch_one(&mut conn).await.expect("the runs can be counted")
    }
}

/// Database lock that is released when this value is dropped.
pub struct LockGuard {
    _conn: PgConnection,
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("drop database if exists {} with (force)", self.name);
        let cluster_url = self.cluster_url.clone();
        // In a detached thread: `drop` may run inside a runtime, and `drop database` waits for all
        // backends of the cluster, among them one whose client in that runtime is logging in. Best
        // effort, because the cluster is deleted anyway.
        std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                let Ok(options) = PgConnectOptions::from_str(&cluster_url) else { return };
                let Ok(mut conn) = options.connect().await else { return };
                let _ = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut conn).await;
            });
        });
    }
}

/// Clock and entropy of the operating system.
pub fn ambient() -> Ambient {
    struct Real;
    impl Clock for Real {
        fn now(&self) -> OffsetDateTime {
            OffsetDateTime::now_utc()
        }
    }
    impl Entropy for Real {
        fn fill(&self, bytes: &mut [u8]) {
            getrandom::fill(bytes).expect("the system has entropy");
        }
    }
    Ambient { clock: Arc::new(Real), entropy: Arc::new(Real) }
}

/// Master key that is the same in all tests, so that two [`Core`]s on one database can open each
/// other's sealed values.
pub fn master_key() -> MasterKey {
    MasterKey::new([7; 32])
}

/// Caller: a person of `tenant` with these permissions, such as `dcm.request`.
pub fn person(tenant: TenantId, permissions: &[&str]) -> Caller {
    Caller {
        tenant,
        actor: ActorId(ambient().uuid()),
        kind: ActorKind::Person,
        name: "Anna Amsel".into(),
        roles: vec!["requester".into()],
        permissions: permissions.iter().map(|name| (*name).into()).collect(),
        affiliation: Affiliation::default(),
        locale: Locale::En,
        trace: TraceId(Uuid::from_u128(42).simple().to_string()),
    }
}

/// Runs statements on a server that is not that of the tests, as the role of the URL.
pub async fn run_at(url: &str, statements: &str) {
    run(&mut connect(url).await, statements.to_owned()).await;
}

/// Number that a query on such a server returns.
pub async fn number_at(url: &str, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&mut connect(url).await).await.expect("the query returns a number")
}

fn cluster_url() -> String {
    std::env::var(URL)
        .unwrap_or_else(|_| panic!("{URL} is not set: tests need a PostgreSQL 16 or newer that they may use"))
}

fn with_database(url: &str, name: &str) -> String {
    let (head, _) = url.rsplit_once('/').expect("the URL names a database");
    format!("{head}/{name}")
}

/// Returns the name of the template database for the present schema. Creates and migrates it if it
/// is missing.
async fn template(conn: &mut PgConnection, cluster_url: &str) -> String {
    let name = format!("eaf_template_{}", schema_digest());
    let exists: bool = sqlx::query_scalar("select exists(select from pg_database where datname = $1)")
        .bind(&name)
        .fetch_one(&mut *conn)
        .await
        .expect("pg_database can be read");
    if exists {
        return name;
    }
    let draft = format!("{name}_draft");
    run(conn, format!("drop database if exists {draft} with (force)")).await;
    run(conn, format!("create database {draft}")).await;
    let superuser_url = with_database(cluster_url, &draft);
    let database = Database { name: draft.clone(), cluster_url: cluster_url.to_owned(), superuser_url };
    let passwords = Passwords { migrate: PASSWORD.into(), app: PASSWORD.into(), platform: PASSWORD.into() };
    db::bootstrap(database.superuser_url(), &passwords).await.expect("the roles can be made");
    db::migrate(&database.url("eaf_migrate")).await.expect("the migrations run");
    std::mem::forget(database);
    run(conn, format!("alter database {draft} rename to {name}")).await;
    name
}

/// Digest of all migrations, which is part of the template's name: each schema has its own
/// template.
fn schema_digest() -> String {
    let mut digest = Sha256::new();
    db::embedded_schema(|part| digest.update(part));
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

async fn lock(conn: &mut PgConnection) {
    sqlx::query("select pg_advisory_lock($1)").bind(LOCK).execute(conn).await.expect("the cluster is there");
}

async fn connect(url: &str) -> PgConnection {
    let options = PgConnectOptions::from_str(url).expect("a PostgreSQL URL").disable_statement_logging();
    options.connect().await.expect("the test cluster accepts connections")
}

async fn run(conn: &mut PgConnection, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(conn).await.expect("a superuser may do this");
}
