//! Set-up of a database by `eaf db bootstrap`, on a server whose superuser the deployment does not
//! have.

use eaf_core::db::Passwords;
use eaf_core::testing::{number_at, run_at};
use eaf_dev::checkout::Checkout;
use eaf_system_tests::binary;
use eaf_system_tests::server::Server;
use eaf_system_tests::system::WAIT_MAX;
use eaf_test_support::maildev::free_address;
use std::process::Command;
use std::time::{Duration, Instant};

const MASTER_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// Server with a role and a database of the deployment, as an administrator hands them over.
struct Deployment {
    server: Server,
}

impl Deployment {
    async fn new() -> Deployment {
        let deployment = Deployment { server: Server::start().await };
        deployment.run("create role dcm login createrole password 'first'").await;
        deployment.run("create database dcm owner dcm").await;
        deployment
    }

    async fn run(&self, statement: &str) {
        run_at(&self.server.superuser_url(), statement).await;
    }

    async fn number(&self, query: &'static str) -> i64 {
        number_at(&self.server.superuser_url(), query).await
    }

    /// Runs `eaf` with the variables of a deployment.
    fn eaf(&self, arguments: &[&str], more: &[(&str, &str)]) -> (bool, String) {
        let output = self.command(arguments, more).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("first") && !said.contains("canary"), "{said}");
        (output.status.success(), said)
    }

    fn command(&self, arguments: &[&str], more: &[(&str, &str)]) -> Command {
        let address = self.server.superuser_url();
        let (host, port) = address.split(['@', '/']).nth(3).unwrap().split_once(':').unwrap();
        let deployment = [
            ("DB_HOST", host),
            ("DB_PORT", port),
            ("DB_NAME", "dcm"),
            ("DB_USER", "dcm"),
            ("DB_PASSWORD", "first"),
            ("KEYCLOAK_URL", "https://auth.example.com"),
            ("KEYCLOAK_REALM", "dcm"),
            ("KEYCLOAK_CLIENT_ID", "dcm-api"),
            ("KEYCLOAK_CLIENT_SECRET", "canary"),
            ("EAF_PUBLIC_URL", "https://dcm.example.com"),
            ("EAF_MASTER_KEY", MASTER_KEY),
        ];
        let mut command = Command::new(binary::eaf());
        command.args(arguments).env_clear().envs(deployment).envs(more.iter().copied());
        command
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_a_database_sets_up_roles_that_isolate_tenants() {
    let deployment = Deployment::new().await;
    for _ in 0..2 {
        let (good, said) = deployment.eaf(&["db", "bootstrap"], &[]);
        assert!(good, "{said}");
    }
    let (good, said) = deployment.eaf(&["migrate"], &[]);
    assert!(good, "{said}");
    // The command checks roles and row-level security as a starting host does.
    let tenant = ["tenant", "add", "acme", "Acme"];
    let (good, said) = deployment.eaf(&tenant, &[]);
    assert!(good, "{said}");
    let attributes =
        "select count(*) filter (where rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolinherit)
                        from pg_roles where rolname like 'eaf%'";
    assert_eq!(deployment.number(attributes).await, 0);
    let member =
        "select (pg_has_role('dcm', 'eaf_owner', 'usage') or pg_has_role('dcm', 'eaf_owner', 'set'))::int::bigint";
    assert_eq!(deployment.number(member).await, 0, "the deployment's role does not own the tenants' data");

    // A new password gives new passwords of the roles, after one more bootstrap.
    deployment.run("alter role dcm password 'second'").await;
    let second = [("DB_PASSWORD", "second")];
    let (good, _) = deployment.eaf(&tenant, &second);
    assert!(!good, "the roles have the former passwords");
    let (good, said) = deployment.eaf(&["db", "bootstrap"], &second);
    assert!(good, "{said}");
    let (good, said) = deployment.eaf(&tenant, &second);
    assert!(good, "{said}");
    deployment.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_in_the_log_of_a_server_that_logs_its_statements() {
    let deployment = Deployment::new().await;
    deployment.run("alter system set log_statement = 'all'").await;
    deployment.run("alter system set log_min_duration_statement = 0").await;
    deployment.run("select pg_reload_conf()").await;
    let (good, said) = deployment.eaf(&["db", "bootstrap"], &[]);
    assert!(good, "{said}");
    let (log, passwords) = (deployment.server.log(), Passwords::derive("first", "dcm"));
    assert!(log.contains("alter role eaf_app password 'SCRAM-SHA-256$"), "the statements are in the log");
    for password in [passwords.migrate, passwords.app, passwords.platform] {
        assert!(!log.contains(&password));
    }
    deployment.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bootstrap_that_cannot_work_says_what_to_do_and_changes_nothing() {
    let deployment = Deployment::new().await;
    deployment.run("alter role dcm nocreaterole").await;
    let (good, said) = deployment.eaf(&["db", "bootstrap"], &[]);
    assert!(!good && said.contains("alter role dcm createrole"), "{said}");
    deployment.run("alter role dcm createrole").await;
    deployment.run("alter database dcm owner to postgres").await;
    let (good, said) = deployment.eaf(&["db", "bootstrap"], &[]);
    assert!(!good && said.contains("alter database dcm owner to dcm"), "{said}");
    deployment.run("alter database dcm owner to dcm").await;
    deployment.run("create role eaf_app").await;
    let (good, said) = deployment.eaf(&["db", "bootstrap"], &[]);
    assert!(!good && said.contains("grant eaf_app to dcm with admin true"), "{said}");
    let roles = "select count(*) from pg_roles where rolname like 'eaf%'";
    assert_eq!(deployment.number(roles).await, 1, "nothing was made");
    deployment.run("drop role eaf_app").await;

    let (good, said) = deployment.eaf(&["db", "bootstrap"], &[]);
    assert!(good, "{said}");
    deployment.run("create database second owner dcm").await;
    let (good, said) = deployment.eaf(&["db", "bootstrap"], &[("DB_NAME", "second")]);
    assert!(!good && said.contains("belong to the installation in the database dcm"), "{said}");
    let (good, said) = deployment.eaf(&["db", "bootstrap"], &[("DB_PASSWORD", "wrong")]);
    assert!(!good && said.contains("password authentication failed"), "{said}");
    deployment.server.stop().await;
}

/// Process that ends with the test.
struct Serving(std::process::Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_secret_file_is_used_without_a_restart() {
    // The installation may be repeated: an error means that the process has a TLS provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let deployment = Deployment::new().await;
    assert!(deployment.eaf(&["db", "bootstrap"], &[]).0);
    let secret = std::env::temp_dir().join(format!("eaf-secret-{}", uuid::Uuid::new_v4()));
    std::fs::write(&secret, "first\n").unwrap();
    let management = free_address().to_string();
    let package = Checkout::find().unwrap().package("dcm").unwrap();
    let settings = [
        ("EAF_LISTEN", free_address().to_string()),
        ("EAF_MANAGEMENT_LISTEN", management.clone()),
        ("EAF_PACKAGES", package.display().to_string()),
        ("DB_PASSWORD_FILE", secret.display().to_string()),
    ];
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut command = deployment.command(&["serve"], &settings);
    let _host = Serving(command.env_remove("DB_PASSWORD").spawn().unwrap());
    let readiness = format!("http://{management}/actuator/health/readiness");
    let until = async |expected: u16| {
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            let answer = reqwest::get(&readiness).await.map(|answer| answer.status().as_u16()).unwrap_or_default();
            if answer == expected {
                break;
            }
            assert!(Instant::now() < deadline, "the readiness is {answer}, not {expected}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    until(200).await;

    deployment.run("alter role dcm password 'second'").await;
    assert!(deployment.eaf(&["db", "bootstrap"], &[("DB_PASSWORD", "second")]).0);
    deployment.run("select pg_terminate_backend(pid) from pg_stat_activity where usename like 'eaf%'").await;
    until(503).await;
    std::fs::write(&secret, "second\n").unwrap();
    until(200).await;
    std::fs::remove_file(&secret).unwrap();
    deployment.server.stop().await;
}
