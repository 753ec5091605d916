//! One host process and the servers that it uses, in its own directories and on its own ports, with
//! the tenants acme and globex.
//!
//! Fault proxies stand between the host and vCenter and between the host and the mail server.
//! Without rules they change nothing.
//!
//! A test ends with [`System::finish`], which searches for canaries.

use crate::binary;
use crate::canary::{self, Found, Heard};
use crate::host::Host;
use crate::person::Person;
use eaf_core::Core;
use eaf_core::directory::{self, NewMember};
use eaf_core::grant::{self, Grant, Terms};
use eaf_core::id::TenantId;
use eaf_core::product::{self, Switch};
use eaf_core::testing::Database;
use eaf_dev::idp;
use eaf_dev::idp::accounts::ACCOUNTS;
use eaf_test_support::collector::Collector;
use eaf_test_support::fault_proxy::{FaultProxy, Tls};
use eaf_test_support::maildev::{Maildev, Received, free_address};
use eaf_test_support::tool;
use eaf_test_support::vcsim::{self, Vcsim};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinSet;

pub const CLIENT_SECRET: &str = "canary-client-secret & more";

const PUBLIC_URL: &str = "https://cloud.example";

/// Time limit of every wait: longer than any step takes on a slow machine.
pub const WAIT_MAX: Duration = Duration::from_secs(90);

/// Master key of [`Database::core`] in base64, so that a test can decrypt what the host encrypts.
const MASTER_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

pub struct System {
    pub database: Database,
    pub vcsim: Vcsim,
    pub vcenter: FaultProxy,
    pub mail: Maildev,
    pub smtp: FaultProxy,
    /// Collector of the traces of all hosts, which the canary search reads too.
    pub collector: Collector,
    /// Address that the host listens on.
    pub base: String,
    /// Public address of the host, which people use. In production it is the address of an ingress.
    pub public_url: String,
    pub issuer: String,
    dir: tempdir::Dir,
    identity_provider: tokio::task::JoinHandle<()>,
    /// Process of the host; `None` while the host is killed.
    pub host: Option<Host>,
    client: reqwest::Client,
    starts: usize,
    pub heard: Arc<Heard>,
    searched: bool,
}

pub struct People {
    pub requester: Person,
    pub approver: Person,
    pub admin: Person,
    /// Requester of the other tenant, globex.
    pub foreigner: Person,
    pub foreign_admin: Person,
}

impl System {
    /// Starts a host with connections, grants and one offering.
    pub async fn start() -> System {
        System::bare().await.furnished().await
    }

    /// Starts a host as [`System::start`] does, for a benchmark: it exports no traces, because the
    /// collector would use the processors that are measured.
    pub async fn measured() -> System {
        let mut system = System::without_host(Database::fresh().await, PUBLIC_URL).await;
        let base = system.base.clone();
        system.host = Some(system.another_host_with(&base, &[("EAF_TRACE_RATIO", "0")]).await);
        system.furnished().await
    }

    /// Adds connections and one offering.
    async fn furnished(self) -> System {
        let people = self.people().await;
        self.connect_vcenter(&people.admin, vcsim::PASSWORD).await;
        self.connect_mail(&people.admin).await;
        people.admin.command("define-offering", offering()).await.ok();
        self
    }

    /// Starts a host with tenants, people and grants, without connections and offerings.
    pub async fn bare() -> System {
        System::at(PUBLIC_URL).await
    }

    /// Starts a host as [`System::bare`] does, with this public address.
    pub async fn at(public_url: &str) -> System {
        System::on(Database::fresh().await, public_url).await
    }

    /// Starts a host as [`System::bare`] does, on the given database, which may be in a cluster of
    /// its own.
    pub async fn on(database: Database, public_url: &str) -> System {
        let mut system = System::without_host(database, public_url).await;
        system.start_host().await;
        system
    }

    async fn without_host(database: Database, public_url: &str) -> System {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempdir::Dir::new();
        let core = database.core().await;
        let vcsim = Vcsim::start(&dir.path().join("vcenter"), &["--clone-duration", "400ms"]).await;
        let tls = Tls::from_dir(&vcsim.cert_dir()).unwrap();
        let vcenter = FaultProxy::start(vcsim.address(), Some(tls)).await.unwrap();
        let mail = Maildev::start(&["--mail-directory", &dir.path().join("mails").display().to_string()]).await;
        let smtp = FaultProxy::start(mail.address(), None).await.unwrap();
        let collector = Collector::start().await.unwrap();
        let idp_port = free_address().port();
        let identity_provider = tokio::spawn(async move {
            idp::serve(idp_port, [9; 32], CLIENT_SECRET.into(), std::future::pending())
                .await
                .expect("the issuer serves");
        });
        let issuer = idp::issuer_url(idp_port);
        settle(&core, &issuer).await;
        let base = format!("http://{}", free_address());
        let client = reqwest::Client::new();
        System {
            database,
            vcsim,
            vcenter,
            mail,
            smtp,
            collector,
            base,
            public_url: public_url.to_owned(),
            issuer,
            dir,
            identity_provider,
            host: None,
            client,
            starts: 0,
            heard: Arc::default(),
            searched: false,
        }
    }

    pub async fn start_host(&mut self) {
        self.host = Some(self.another_host(&self.base.clone()).await);
    }

    /// Starts another host on the same database. The caller owns the host's process.
    pub async fn another_host(&mut self, base: &str) -> Host {
        self.another_host_with(base, &[]).await
    }

    /// Starts another host with settings that differ from the first host's.
    pub async fn another_host_with(&mut self, base: &str, settings: &[(&'static str, &str)]) -> Host {
        self.starts += 1;
        let mut environment = self.environment();
        environment.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Host::start(base, environment, &self.log()).await
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", self.dir.path().display().to_string()),
            ("EAF_PUBLIC_URL", self.public_url.clone()),
            ("EAF_DATABASE_URL", self.database.url("eaf_app")),
            ("EAF_DATABASE_PLATFORM_URL", self.database.url("eaf_platform")),
            ("EAF_OIDC_ISSUER", self.issuer.clone()),
            ("EAF_OIDC_CLIENT_SECRET", CLIENT_SECRET.into()),
            ("EAF_DANGER_ALLOW_PLAIN_HTTP_ISSUER", "true".into()),
            ("EAF_MASTER_KEY", MASTER_KEY.into()),
            ("EAF_PACKAGES", packages()),
            // The servers run on this machine, which a tenant reaches only if an operator allows
            // it.
            ("EAF_EGRESS_ALLOW", self.servers()),
            ("EAF_WORKFLOW_LEASE_SECONDS", "2".into()),
            ("EAF_DRAIN_SECONDS", "0".into()),
            // Benchmark and chaos tests send more commands than the default rate limit allows.
            ("EAF_TENANT_COMMANDS_PER_SECOND", "0".into()),
            ("EAF_TENANT_MEBIBYTES_PER_DAY", "0".into()),
            ("EAF_TENANT_REQUESTS_PER_SECOND", "0".into()),
            ("EAF_PERSON_REQUESTS_PER_SECOND", "0".into()),
            ("EAF_SIGN_INS_PER_SECOND", "0".into()),
            ("EAF_OTLP_ENDPOINT", self.collector.endpoint()),
            ("OTEL_BSP_SCHEDULE_DELAY", "100".into()),
            ("EAF_COMPILED_CACHE", cache().display().to_string()),
            ("EAF_LOG", std::env::var("EAF_LOG").unwrap_or_else(|_| "info,eaf=debug,eaf_capability=debug,eaf_core=debug,eaf_http=debug,eaf_identity=debug,eaf_mail=debug,eaf_plugin=debug,eaf_vsphere=debug".into())),
        ]
    }

    fn servers(&self) -> String {
        let (vcenter, smtp) = (self.vcenter.address().port(), self.smtp.address().port());
        format!("vsphere 127.0.0.1:{vcenter}, mail 127.0.0.1:{smtp}")
    }

    /// Runs `eaf` beside running hosts, as an operator does; returns the command's output and
    /// whether it succeeded.
    pub async fn eaf(&self, arguments: &[&str]) -> (String, bool) {
        self.eaf_with(&[], arguments).await
    }

    /// Runs `eaf` with settings that differ from the host's.
    pub async fn eaf_with(&self, settings: &[(&str, &str)], arguments: &[&str]) -> (String, bool) {
        let mut command = Command::new(binary::eaf());
        command.args(arguments).env_clear().envs(self.environment()).envs(settings.iter().copied());
        let output = command.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (said, output.status.success())
    }

    /// Starts an `eaf` command that runs until it is dropped; returns the lines of its standard
    /// output.
    pub fn eaf_streaming(&self, arguments: &[&str]) -> (Child, Lines<BufReader<ChildStdout>>) {
        let mut command = Command::new(binary::eaf());
        command.args(arguments).env_clear().envs(self.environment()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let out = child.stdout.take().expect("it is piped");
        (child, BufReader::new(out).lines())
    }

    /// Kills the host with SIGKILL, so that it cannot clean up.
    pub async fn kill_host(&mut self) {
        self.host.take().expect("the host runs").kill().await;
    }

    /// Path of the log of the latest start of the host.
    pub fn log(&self) -> PathBuf {
        self.log_of(self.starts)
    }

    fn log_of(&self, start: usize) -> PathBuf {
        self.dir.path().join(format!("host-{start}.log"))
    }

    /// Text of the logs of all hosts that listened on this address.
    pub fn log_at(&self, base: &str) -> String {
        let address = format!("\"address\":\"{}\"", base.trim_start_matches("http://"));
        let logs = (1..=self.starts).filter_map(|start| std::fs::read_to_string(self.log_of(start)).ok());
        logs.filter(|log| log.contains(&address)).collect()
    }

    /// Text of the logs of all starts of the host.
    pub fn logs(&self) -> String {
        let files = (1..=self.starts).map(|start| self.log_of(start));
        files.map(|file| std::fs::read_to_string(file).unwrap_or_default()).collect()
    }

    pub async fn people(&self) -> People {
        People {
            requester: self.person("requester@acme").await,
            approver: self.person("approver@acme").await,
            admin: self.person("admin@acme").await,
            foreigner: self.person("requester@globex").await,
            foreign_admin: self.person("admin@globex").await,
        }
    }

    pub async fn person(&self, account: &'static str) -> Person {
        let port = self.issuer.rsplit(':').next().unwrap().parse().unwrap();
        let token = eaf_dev::token::fetch(port, account).await.expect("the issuer knows its people");
        self.bearer(Some(account), token)
    }

    /// Creates a caller with a token. `account` is `None` for a token that the host does not
    /// accept.
    pub fn bearer(&self, account: Option<&'static str>, token: String) -> Person {
        self.heard.token(&token);
        Person { base: self.base.clone(), account, token, client: self.client.clone(), heard: self.heard.clone() }
    }

    pub async fn core(&self) -> Core {
        self.database.core().await
    }

    /// Secrets in the host's configuration, which no output may contain.
    pub fn secrets(&self) -> [String; 2] {
        [MASTER_KEY.to_owned(), eaf_core::testing::PASSWORD.to_owned()]
    }

    /// Ends a test: each person reads all lists, and then the canary search runs over all storage.
    pub async fn finish(mut self) {
        let found = self.search().await;
        let lines: Vec<String> = found.iter().map(Found::to_string).collect();
        assert!(found.is_empty(), "{} words where they must not be:\n{}", lines.len(), lines.join("\n"));
    }

    /// Ends a benchmark, whose storage is too large to be searched.
    pub fn end_without_search(mut self) {
        self.searched = true;
    }

    pub async fn search(&mut self) -> Vec<Found> {
        self.searched = true;
        let mut reading = JoinSet::new();
        for account in ACCOUNTS {
            let person = self.person(account.name).await;
            reading.spawn(async move {
                let document = person.get("/api/openapi.json").await.ok();
                for path in lists(&document) {
                    person.get(path).await;
                }
            });
        }
        reading.join_all().await;
        canary::search(self).await
    }

    /// Waits for the first mail to this address whose subject contains `about`.
    pub async fn mail_to(&self, address: &str, about: &str) -> Received {
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            let mails = self.mail.inbox().await;
            if let Some(mail) = mails.iter().find(|mail| mail.to[0].address == address && mail.subject.contains(about))
            {
                return mail.clone();
            }
            assert!(Instant::now() < deadline, "no mail about {about} to {address}: {mails:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until vCenter has a machine of this name.
    pub async fn cloned(&self, name: &str) {
        let deadline = Instant::now() + WAIT_MAX;
        while !self.vcsim.machines().iter().any(|machine| machine.name == name) {
            assert!(Instant::now() < deadline, "no machine {name} in vCenter");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn connect_vcenter(&self, admin: &Person, password: &str) {
        let body = json!({
            "config": {
                "url": format!("https://localhost:{}/sdk", self.vcenter.address().port()), "datacenter": "DC1",
                "folder": "EAF/acme", "username": vcsim::USER, "ca_certificate": self.vcsim.ca_certificate(),
            },
            "secret": { "password": password },
        });
        admin.call(Method::PUT, "/api/host/connections/vsphere/vcenter", None, Some(&body)).await.ok();
    }

    pub async fn connect_mail(&self, admin: &Person) {
        let body = json!({
            "config": {
                "host": "127.0.0.1", "port": self.smtp.address().port(), "tls": "none",
                "from": "cloud@acme.example", "from_name": "Acme Cloud",
            },
            "secret": { "password": canary::MAIL_PASSWORD },
        });
        admin.call(Method::PUT, "/api/host/connections/mail/mail", None, Some(&body)).await.ok();
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.identity_provider.abort();
        if std::thread::panicking() {
            eprintln!("the host's log:\n{}", self.logs());
        } else {
            assert!(self.searched, "a test ends with `system.finish().await`");
        }
    }
}

/// Paths in the OpenAPI document that `GET` reads without a parameter in the path, such as an id.
/// Whether a person may read one depends on the person's permissions.
fn lists(document: &Value) -> Vec<&str> {
    let paths = document["paths"].as_object().expect("an OpenAPI document").iter();
    let readable =
        paths.filter(|(path, item)| item.get("get").is_some() && !path.contains('{') && *path != "/api/live");
    let lists: Vec<&str> = readable.map(|(path, _)| path.as_str()).collect();
    assert!(lists.contains(&"/api/dcm/views/requests") && lists.contains(&"/api/host/audit"), "{lists:?}");
    lists
}

/// Reads a row of a view repeatedly until `wanted` holds for the row, and returns the row.
pub async fn until(person: &Person, view: &str, key: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        let answer = person.item(view, key).await;
        if answer.status.is_success() && wanted(&answer.body) {
            return answer.body;
        }
        assert!(Instant::now() < deadline, "{view}/{key} is not as wanted: {:#}", answer.body);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub fn offering() -> Value {
    json!({
        "key": "debian", "name": "Debian 12", "template": "Templates/debian-12", "image": "Debian GNU/Linux 12", "active": true,
        "cpu_min": 1, "cpu_max": 8, "memory_gb_min": 1, "memory_gb_max": 64, "base_cents": 1000, "cpu_cents": 800, "gb_cents": 300,
    })
}

pub fn wish(name: &str) -> Value {
    json!({
        "name": name, "offering": "debian", "cpus": 4, "memory_gb": 8, "term_months": 12,
        "justification": canary::JUSTIFICATION,
    })
}

/// Requests a machine and approves the request; returns the key of the request, which is also the
/// key of the machine.
pub async fn approved(people: &People, name: &str) -> String {
    let answer = people.requester.command("request-vm", wish(name)).await.ok();
    let request = answer["subject"]["key"].as_str().expect("a subject").to_owned();
    people.approver.command("approve-request", json!({ "request": request })).await.ok();
    request
}

async fn settle(core: &Core, issuer: &str) {
    for account in ACCOUNTS {
        let Some(slug) = account.tenant else {
            core.directory.put_operator(&core.by, issuer, account.name, &account.display_name()).await.unwrap();
            continue;
        };
        let tenant = directory::add_tenant(&core.db, &core.by, slug, slug).await.unwrap();
        let member = NewMember {
            issuer: issuer.to_owned(),
            subject: account.name.to_owned(),
            name: account.display_name(),
            email: account.email.to_owned(),
            locale: account.locale,
            roles: vec![account.role.to_owned()],
        };
        core.directory.put_member(&core.by, tenant, member).await.unwrap();
        grant_all(core, tenant).await;
    }
}

async fn grant_all(core: &Core, tenant: TenantId) {
    let mut tx = core.db.tenant(tenant).await.unwrap();
    for (capability, name, scope) in
        [("vsphere", "vcenter", json!({ "templates": ["*"] })), ("mail", "mail", json!({}))]
    {
        let grant = Grant {
            plugin: "dcm".into(),
            capability: capability.into(),
            name: name.into(),
            scope,
            connection: name.into(),
        };
        grant::put(&mut tx, &grant, &Terms::default(), &core.by).await.unwrap();
    }
    for plugin in ["dcm", "counter"] {
        product::switch(&mut tx, plugin, Switch::Enable, "tests", &core.by).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn packages() -> String {
    ["dcm", "counter"].map(|plugin| tool(&format!("{plugin}.eaf")).display().to_string()).join(",")
}

/// Directory of compiled plugins, shared by all tests of a build.
fn cache() -> PathBuf {
    binary::target().join("compiled-plugins")
}

mod tempdir {
    use std::path::{Path, PathBuf};

    pub struct Dir(PathBuf);

    impl Dir {
        pub fn new() -> Dir {
            let dir = std::env::temp_dir().join(format!("eaf-it-{}", uuid::Uuid::new_v4().simple()));
            std::fs::create_dir_all(&dir).unwrap();
            Dir(dir)
        }

        pub fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}
