//! Real PostgreSQL for tests: a migrated database of its own for each, cloned from a template.
//!
//! `EAF_TEST_SUPERUSER_URL` names a cluster that tests may use, such as `postgres://postgres@127.0.0.1:54321/postgres`.
//! Test processes may run side by side on one cluster.

mod contents;
pub mod plain;
mod schema;

pub use contents::rows_as_text;

use crate::Core;
use crate::actor::{ActorKind, Caller, Locale, TraceId};
use crate::clock::{Clock, Entropy, World};
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
/// Of every role.
pub const PASSWORD: &str = "only-in-tests";
/// Making the roles and the template is for one process at a time.
const LOCK: i64 = 0x6561_665f_7465_7374;

/// A database that exists as long as this value.
pub struct Database {
    name: String,
    /// Of the superuser, to another database of the cluster.
    cluster_url: String,
    superuser_url: String,
}

impl Database {
    pub async fn fresh() -> Database {
        Database::fresh_in(&cluster_url()).await
    }

    /// In the cluster of this superuser's URL, for a test that needs one of its own.
    pub async fn fresh_in(cluster_url: &str) -> Database {
        let name = format!("eaf_test_{}", world().uuid().simple());
        let mut conn = connect(cluster_url).await;
        lock(&mut conn).await;
        let template = template(&mut conn, cluster_url).await;
        // Under the lock, because a template may have no other connection.
        run(&mut conn, format!("create database {name} template {template}")).await;
        conn.close().await.expect("the cluster is there");
        let superuser_url = with_database(cluster_url, &name);
        Database { name, cluster_url: cluster_url.to_owned(), superuser_url }
    }

    /// For what only a superuser sees or does. Row level security does not bind it.
    pub async fn superuser(&self) -> PgConnection {
        connect(&self.superuser_url).await
    }

    pub async fn as_role(&self, role: &str) -> PgConnection {
        connect(&self.url(role)).await
    }

    /// Where `role` (`eaf_app`, `eaf_platform`, `eaf_migrate`) logs in.
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
        Core::start(self.db().await, world(), master_key())
    }
}

impl Database {
    /// As superuser, for what a test does to the database behind the host's back.
    pub async fn run(&self, statements: &str) {
        run(&mut self.superuser().await, statements.to_owned()).await;
    }

    /// Lets sessions that begin from now on only read, as on a server that a failover has made a standby. Those
    /// that there are stay as they are.
    pub async fn read_only(&self, only: bool) {
        // From another database, because this one refuses it.
        let mut root = connect(&self.cluster_url).await;
        let setting =
            if only { "set default_transaction_read_only = on" } else { "reset default_transaction_read_only" };
        run(&mut root, format!("alter database {} {setting}", self.name)).await;
    }

    /// Ends every session of the host, as a failover does.
    pub async fn end_sessions(&self) {
        let mut root = connect(&self.cluster_url).await;
        let end = "select pg_terminate_backend(pid) from pg_stat_activity where usename in ('eaf_app', 'eaf_platform')";
        run(&mut root, format!("{end} and datname = '{}'", self.name)).await;
    }

    /// Where the newest journal entry of this call, such as `vsphere.clone`, stands in any tenant (`intent`, `pending` or
    /// `done`), and how many of them have their answer: both at one moment.
    pub async fn journal(&self, call: &str) -> (Option<String>, i64) {
        let query = sqlx::query_as(
            "select (array_agg(state order by started_at desc, seq desc))[1], count(*) filter (where state = 'done')
             from eaf.journal where capability || '.' || function = $1",
        );
        query.bind(call).fetch_one(&mut self.superuser().await).await.expect("a superuser reads the journal")
    }

    /// By workflow, each call that is in a journal, once and in order.
    pub async fn journaled_calls(&self) -> Vec<(String, String)> {
        let calls = "select distinct workflow, capability || '.' || function from eaf.journal join eaf.run using (tenant_id, run_id)
                     order by 1, 2";
        sqlx::query_as(calls).fetch_all(&mut self.superuser().await).await.expect("a superuser reads the journal")
    }

    /// Until the answer is dropped nothing can be appended to this tenant's log: who tries waits.
    pub async fn hold_appends(&self, tenant: TenantId) -> Held {
        self.hold(&format!("select pg_advisory_xact_lock(uuid_hash_extended('{tenant}', 0))")).await
    }

    /// Until the answer is dropped the newest journal entry of this call cannot change: who tries waits.
    pub async fn hold_journal(&self, call: &str) -> Held {
        self.hold(&format!(
            "select from eaf.journal where capability || '.' || function = '{call}'
             order by started_at desc, seq desc limit 1 for update"
        ))
        .await
    }

    /// Until the answer is dropped a transaction stays open that has written something of this tenant.
    pub async fn hold_open(&self, tenant: TenantId) -> Held {
        let name = "update eaf.tenant set name = name where tenant_id";
        self.hold(&format!("{name} = '{tenant}'")).await
    }

    async fn hold(&self, statement: &str) -> Held {
        let mut conn = self.superuser().await;
        run(&mut conn, "begin".into()).await;
        run(&mut conn, statement.into()).await;
        Held { _conn: conn }
    }

    /// Ends at once what a killed host has left here and what would end by itself: statements that wait, and its leases.
    pub async fn forget_killed_host(&self) {
        let end = "select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and usename in ('eaf_app', 'eaf_platform') and wait_event_type = 'Lock'";
        let mut root = self.superuser().await;
        run(&mut root, end.into()).await;
        run(&mut root, "update eaf.run set lease_until = now() where lease_until > now()".into()).await;
    }

    /// Which host works on the newest open run of this workflow, and the how-manieth host it is that took it. None: nobody.
    pub async fn lease(&self, workflow: &str) -> Option<(Uuid, i64)> {
        let holder = "select lease_host, lease_fence from eaf.run
                      where workflow = $1 and state = 'open' and lease_until > clock_timestamp() order by created_at desc limit 1";
        let row = sqlx::query_as(holder).bind(workflow).fetch_optional(&mut self.superuser().await).await;
        row.expect("the runs can be read")
    }

    /// How many wait for what [`hold_appends`](Self::hold_appends) holds. They get it in the order in which they came.
    pub async fn waiting_to_append(&self) -> i64 {
        let waiting = "select count(*) from pg_locks where database = (select oid from pg_database where datname = current_database())
                       and locktype = 'advisory' and not granted";
        sqlx::query_scalar(waiting).fetch_one(&mut self.superuser().await).await.expect("locks can be read")
    }

    /// Events of this tenant.
    pub async fn events(&self, tenant: TenantId) -> i64 {
        let count = sqlx::query_scalar("select count(*) from eaf.event where tenant_id = $1").bind(tenant);
        count.fetch_one(&mut self.superuser().await).await.expect("the events can be counted")
    }

    /// The commands that recorded an event of this type (with the plugin in front), and its position as it prints; in any tenant.
    pub async fn recorded(&self, kind: &str) -> Vec<(String, String)> {
        let query =
            "select convert_from(meta, 'UTF8')::jsonb ->> 'command_id', (select epoch from eaf.log_epoch) || '-' || pos
                     from eaf.event where type = $1";
        let rows = sqlx::query_as(query).bind(kind).fetch_all(&mut self.superuser().await).await;
        rows.expect("a superuser reads the events")
    }

    /// How many events of this type (with the plugin in front) there are, in all tenants.
    pub async fn recorded_count(&self, kind: &str) -> i64 {
        let count = sqlx::query_scalar("select count(*) from eaf.event where type = $1").bind(kind);
        count.fetch_one(&mut self.superuser().await).await.expect("the events can be counted")
    }

    /// Where the log is not what it should be: gaps in positions and versions, and hashes that do not fit.
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

    /// Workflow runs that are not over, in all tenants.
    pub async fn open_runs(&self) -> i64 {
        let mut conn = self.superuser().await;
        let count = sqlx::query_scalar("select count(*) from eaf.run where state = 'open'");
        count.fetch_one(&mut conn).await.expect("the runs can be counted")
    }
}

/// A lock that ends with this value.
pub struct Held {
    _conn: PgConnection,
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("drop database if exists {} with (force)", self.name);
        let cluster_url = self.cluster_url.clone();
        // A thread of its own, because this may run inside a runtime. Nobody waits for it: `drop database` waits for every
        // backend of the cluster, also for one whose client, in that very runtime, has just begun to log in. Best effort:
        // the cluster is thrown away anyway.
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

/// The real clock and real entropy.
pub fn world() -> World {
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
    World { clock: Arc::new(Real), entropy: Arc::new(Real) }
}

/// The same in every test, so that a second [`Core`] on one database reads what the first one sealed.
pub fn master_key() -> MasterKey {
    MasterKey::new([7; 32])
}

/// A person of `tenant` with these permissions (full names).
pub fn person(tenant: TenantId, permissions: &[&str]) -> Caller {
    Caller {
        tenant,
        actor: ActorId(world().uuid()),
        kind: ActorKind::Person,
        name: "Anna Amsel".into(),
        roles: vec!["requester".into()],
        permissions: permissions.iter().map(|name| (*name).into()).collect(),
        locale: Locale::En,
        trace: TraceId(Uuid::from_u128(42).simple().to_string()),
    }
}

fn cluster_url() -> String {
    std::env::var(URL)
        .unwrap_or_else(|_| panic!("{URL} is not set: tests need a PostgreSQL 16 or newer that they may use"))
}

fn with_database(url: &str, name: &str) -> String {
    let (head, _) = url.rsplit_once('/').expect("the URL names a database");
    format!("{head}/{name}")
}

/// The name of the migrated template; made if no process has made it for this schema yet.
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

/// A template of another schema must never be taken for this one's.
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
