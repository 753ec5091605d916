//! Tests with PgBouncer in transaction mode: many clients share few connections, so a setting that
//! outlived its transaction would apply to another client.

use crate::isolation::{Range, acme, globex, sqlstate};
use eaf_core::Core;
use eaf_core::command_bus::CommandQuota;
use eaf_core::db::{self, Db};
use eaf_core::directory;
use eaf_core::event_store::head;
use eaf_core::id::TenantId;
use eaf_core::testing::{Database, PASSWORD, ambient, master_key};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

const CLIENTS: usize = 64;
const TURNS: usize = 12;
/// Number of the pooler's connections to PostgreSQL, far fewer than there are clients.
const SERVERS: usize = 4;
const PATIENCE: Duration = Duration::from_secs(60);

struct Pooler {
    port: u16,
    dir: PathBuf,
    _process: Child,
}

impl Pooler {
    async fn start(database: &Database) -> Pooler {
        let root = std::env::var_os("EAF_ROOT").expect("EAF_ROOT names the checkout; run this by `make pooler`");
        let dir = std::env::temp_dir().join(format!("eaf-pooler-{}", ambient().uuid().simple()));
        std::fs::create_dir_all(&dir).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = PgConnectOptions::from_str(&database.url("eaf_app")).unwrap();
        let settings = [
            "[databases]".to_owned(),
            format!("* = host=127.0.0.1 port={}", server.get_port()),
            "[pgbouncer]".to_owned(),
            "listen_addr = 127.0.0.1".to_owned(),
            format!("listen_port = {port}"),
            "unix_socket_dir =".to_owned(),
            "auth_type = scram-sha-256".to_owned(),
            format!("auth_file = {}", dir.join("users.txt").display()),
            "pool_mode = transaction".to_owned(),
            "max_client_conn = 300".to_owned(),
            format!("default_pool_size = {SERVERS}"),
            "max_prepared_statements = 200".to_owned(),
        ];
        std::fs::write(dir.join("users.txt"), format!("\"eaf_app\" \"{PASSWORD}\"\n")).unwrap();
        std::fs::write(dir.join("pgbouncer.ini"), settings.join("\n")).unwrap();
        let mut command = Command::new(PathBuf::from(root).join("bin/pgbouncer"));
        command.arg("-q").arg(dir.join("pgbouncer.ini")).kill_on_drop(true);
        // PgBouncer does not run as root.
        if let (Ok(uid), Ok(gid)) = (std::env::var("EAF_PG_UID"), std::env::var("EAF_PG_GID")) {
            command.uid(uid.parse().unwrap()).gid(gid.parse().unwrap());
        }
        let pooler = Pooler { port, dir, _process: command.spawn().expect("PgBouncer starts") };
        let deadline = Instant::now() + PATIENCE;
        while pooler.connect(database).await.is_err() {
            assert!(Instant::now() < deadline, "PgBouncer accepts no connection");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        pooler
    }

    fn url(&self, database: &Database) -> String {
        let direct = PgConnectOptions::from_str(&database.url("eaf_app")).unwrap();
        let name = direct.get_database().unwrap();
        format!("postgres://eaf_app:{PASSWORD}@127.0.0.1:{}/{name}", self.port)
    }

    async fn connect(&self, database: &Database) -> Result<PgConnection, sqlx::Error> {
        PgConnectOptions::from_str(&self.url(database))?.extra_float_digits(None).connect().await
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PgBouncer 1.24: make pooler"]
async fn clients_of_two_tenants_on_shared_connections_see_their_own_rows() {
    let mut range = Range::open().await;
    let pooler = Pooler::start(&range.database).await;
    let app_url = pooler.url(&range.database);
    let config = db::Config { app_url, app_connections: CLIENTS as u32, ..range.database.config() };
    let core = Core::start(Db::connect(&config).await.unwrap(), ambient(), master_key(), CommandQuota::default());

    let clients: Vec<_> = (0..CLIENTS)
        .map(|n| {
            let core = core.clone();
            tokio::spawn(async move {
                for turn in 0..TURNS {
                    look_around(&core, if (n + turn) % 2 == 0 { acme() } else { globex() }).await;
                }
            })
        })
        .collect();
    // The isolation attacks run through the same pooler meanwhile.
    range.attack_through(pooler.connect(&range.database).await.unwrap());
    let found = range.violations().await;
    assert!(found.is_empty(), "{found:#?}");
    for client in clients {
        client.await.unwrap();
    }

    // No tenant remains set on a connection: a read without a tenant is an error.
    for _ in 0..SERVERS * 4 {
        let mut conn = pooler.connect(&range.database).await.unwrap();
        let read = sqlx::query("select count(*) from eaf.event").execute(&mut conn).await;
        let refused = read.expect_err("a tenant was left set");
        // The error is of an unknown setting, or of an empty one where a transaction had set it.
        assert!(["42704", "22P02"].contains(&sqlstate(&refused).as_str()), "{refused}");
        conn.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PgBouncer 1.24: make pooler"]
async fn the_checks_at_start_pass_behind_a_pooler() {
    let database = Database::fresh().await;
    let pooler = Pooler::start(&database).await;
    let config = db::Config { app_url: pooler.url(&database), ..database.config() };
    db::check(&Db::connect(&config).await.unwrap()).await.unwrap();
}

/// Reads a tenant's rows as the host does: by prepared statements, and several of them in one
/// transaction.
async fn look_around(core: &Core, tenant: TenantId) {
    let listed = directory::tenant(&core.db, tenant).await.unwrap().expect("its own row");
    assert_eq!(listed.id, tenant);
    let mut tx = core.db.tenant(tenant).await.unwrap();
    let first = head(&mut tx).await.unwrap();
    assert_eq!(head(&mut tx).await.unwrap(), first);
    assert_eq!(tx.tenant(), tenant);
}
