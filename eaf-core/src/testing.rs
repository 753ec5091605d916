//! Real PostgreSQL for tests: a migrated database of its own for each, cloned from a template.
//!
//! `EAF_TEST_SUPERUSER_URL` names a cluster that tests may use, such as `postgres://postgres@127.0.0.1:54321/postgres`.
//! Test processes may run side by side on one cluster.

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
const PASSWORD: &str = "only-in-tests";
/// Making the roles and the template is for one process at a time.
const LOCK: i64 = 0x6561_665f_7465_7374;

/// A database that exists as long as this value.
pub struct Database {
    name: String,
    superuser_url: String,
}

impl Database {
    pub async fn fresh() -> Database {
        let name = format!("eaf_test_{}", world().uuid().simple());
        let mut conn = connect(&cluster_url()).await;
        lock(&mut conn).await;
        let template = template(&mut conn).await;
        // Under the lock, because a template may have no other connection.
        run(&mut conn, format!("create database {name} template {template}")).await;
        conn.close().await.expect("the cluster is there");
        let superuser_url = with_database(&cluster_url(), &name);
        Database { name, superuser_url }
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
    /// Every table of the house by its name, all rows as text, binary columns as the text that they might hold: what
    /// somebody sees who has stolen a dump.
    pub async fn dump(&self) -> Vec<(String, String)> {
        let mut conn = self.superuser().await;
        let tables: Vec<String> = sqlx::query_scalar(
            "select schemaname || '.' || quote_ident(tablename) from pg_tables
             where schemaname in ('eaf', 'eaf_view') order by 1",
        )
        .fetch_all(&mut conn)
        .await
        .expect("the catalogue can be read");
        let mut dump = Vec::new();
        for table in tables {
            let rows = rows_as_text(&mut conn, &table).await;
            dump.push((table, rows));
        }
        dump
    }

    /// As superuser, for what a test does to the database behind the host's back.
    pub async fn run(&self, statements: &str) {
        run(&mut self.superuser().await, statements.to_owned()).await;
    }

    /// `intend`, `pending` or `done`: where the newest journal entry of this function stands, in any tenant.
    pub async fn journal_state(&self, function: &str) -> Option<String> {
        let newest = "select state from eaf.journal where function = $1 order by started_at desc, seq desc limit 1";
        let query = sqlx::query_scalar(newest).bind(function);
        query.fetch_optional(&mut self.superuser().await).await.expect("a superuser reads the journal")
    }

    /// Journal entries of this function that have their answer, in all tenants.
    pub async fn journal_done(&self, function: &str) -> i64 {
        let done = "select count(*) from eaf.journal where function = $1 and state = 'done'";
        let query = sqlx::query_scalar(done).bind(function);
        query.fetch_one(&mut self.superuser().await).await.expect("a superuser reads the journal")
    }

    /// Until the answer is dropped nothing can be appended to this tenant's log: who tries waits.
    pub async fn hold_appends(&self, tenant: TenantId) -> Held {
        self.hold(&format!("select pg_advisory_xact_lock(uuid_hash_extended('{tenant}', 0))")).await
    }

    /// Until the answer is dropped the newest journal entry of this function cannot change: who tries waits.
    pub async fn hold_journal(&self, function: &str) -> Held {
        self.hold(&format!(
            "select from eaf.journal where function = '{function}' order by started_at desc, seq desc limit 1 for update"
        ))
        .await
    }

    async fn hold(&self, statement: &str) -> Held {
        let mut conn = self.superuser().await;
        run(&mut conn, "begin".into()).await;
        run(&mut conn, statement.into()).await;
        Held { _conn: conn }
    }

    /// Ends what a host that was killed has left waiting in the database; its host can no longer ask for it.
    pub async fn end_sessions_of_the_host(&self) {
        let end = "select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and usename in ('eaf_app', 'eaf_platform') and wait_event_type = 'Lock'";
        run(&mut self.superuser().await, end.into()).await;
    }

    /// Whether somebody waits for what [`hold_appends`](Self::hold_appends) holds.
    pub async fn waits_to_append(&self) -> bool {
        let waits = "select exists(select from pg_stat_activity
                     where datname = current_database() and usename = 'eaf_app' and wait_event = 'advisory')";
        sqlx::query_scalar(waits).fetch_one(&mut self.superuser().await).await.expect("activity can be read")
    }

    /// Events of this tenant.
    pub async fn events(&self, tenant: TenantId) -> i64 {
        let count = sqlx::query_scalar("select count(*) from eaf.event where tenant_id = $1").bind(tenant);
        count.fetch_one(&mut self.superuser().await).await.expect("the events can be counted")
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

/// All rows of a table; a test's own schema and name, never a caller's.
pub async fn rows_as_text(conn: &mut PgConnection, table: &str) -> String {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select quote_ident(attname), atttypid::regtype::text from pg_attribute
         where attrelid = $1::regclass and attnum > 0 and not attisdropped",
    )
    .bind(table)
    .fetch_all(&mut *conn)
    .await
    .expect("the catalogue can be read");
    let texts = columns.iter().map(|(name, kind)| match kind.as_str() {
        "bytea" => format!("coalesce(encode({name}, 'escape'), '')"),
        _ => format!("coalesce({name}::text, '')"),
    });
    let texts = texts.collect::<Vec<_>>().join(" || ' ' || ");
    let sql = format!("select coalesce(string_agg({texts}, E'\\n'), '') from {table}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(conn).await.expect("a superuser reads everything")
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("drop database if exists {} with (force)", self.name);
        // A thread of its own, because this may run inside a runtime. Nobody waits for it: `drop database` waits for every
        // backend of the cluster, also for one whose client, in that very runtime, has just begun to log in. Best effort:
        // the cluster is thrown away anyway.
        std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                let Ok(options) = PgConnectOptions::from_str(&cluster_url()) else { return };
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
async fn template(conn: &mut PgConnection) -> String {
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
    let database = Database { name: draft.clone(), superuser_url: with_database(&cluster_url(), &draft) };
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
