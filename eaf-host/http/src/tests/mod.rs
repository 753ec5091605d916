//! Tests of the HTTP API: requests against the router, on a real database, with tokens of a real
//! issuer.

mod access;
mod audit;
mod audit_words;
mod bad_input;
mod browser;
mod colleagues;
mod commands;
mod connections;
mod denials;
mod deputies;
mod drafts;
mod failover;
mod groups;
mod host;
mod identity;
mod invitations;
mod isolation;
mod live;
mod mail_preferences;
mod mail_resend;
mod management;
pub mod notes;
mod observability;
mod open_items;
mod openapi;
mod people;
mod precondition;
mod products;
mod providers;
mod rates;
mod roles;
mod runs;
mod saved_drafts;
mod serving;
mod sessions;
mod settings;
mod sign_in;
mod tenants;
mod views;
mod web;

use super::{App, Config, Product, Products, RateLimits};
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use eaf_capability::text::Locales;
use eaf_capability::text::mails::Templates;
use eaf_capability::{
    Call, Capability, Choice, ChoiceQuery, ChoiceSelection, Choices, Class, ConnectionType, Failure, Field, Polled,
    Provider, Report, Started, Verdict, Violation, matches_search,
};
use eaf_core::Core;
use eaf_core::actor::Locale;
use eaf_core::command_bus::CommandQuota;
use eaf_core::connection::Connection;
use eaf_core::consumers;
use eaf_core::directory::{self, Member, NewMember};
use eaf_core::id::{ActorId, TenantId};
use eaf_core::package::{self, Package};
use eaf_core::product::{self, Switch};
use eaf_core::rate_limit::Limit;
use eaf_core::session::Limits;
use eaf_core::testing::{Database, master_key};
use eaf_identity::Identity;
use eaf_identity::testing::{Issuer, PUBLIC_URL};
use eaf_plugin::load::Imports;
use eaf_plugin::manifest;
use notes::Notes;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use time::Duration;
use tokio::sync::watch;
use tower::ServiceExt;

/// List of products with one product, whose active package a test can replace.
pub struct OneProduct(watch::Sender<Arc<Product>>);

impl OneProduct {
    pub fn new(product: Product) -> Arc<OneProduct> {
        Arc::new(OneProduct(watch::Sender::new(Arc::new(product))))
    }
}

impl Products for OneProduct {
    fn get(&self, id: &str) -> Option<Arc<Product>> {
        self.all().into_iter().find(|product| product.id() == id)
    }
    fn all(&self) -> Vec<Arc<Product>> {
        vec![self.0.borrow().clone()]
    }
}

pub fn product(generation: i64) -> Product {
    product_of(Notes::new(generation))
}

pub fn product_of(domain: Notes) -> Product {
    Product {
        domain: Arc::new(domain),
        name: "Notes".into(),
        version: "1.0.0".into(),
        digest: "0f".repeat(32),
        imports: Imports::default(),
        requests: vec![manifest::Request {
            capability: "echo".into(),
            grant: "room".into(),
            interfaces: Vec::new(),
            optional: false,
            observe: None,
        }],
        texts: Arc::new(Locales::load(notes::DE, notes::EN).expect("both languages are whole")),
        mails: Arc::new(mails()),
    }
}

/// Mails of the product `notes`, of which people may turn off one.
fn mails() -> Templates {
    let names = |written, shared| format!("[mails]\nwritten = '{written}'\nshared = '{shared}'");
    let locales = Locales::load(&names("Notiz geschrieben", "Notiz geteilt"), &names("Note written", "Note shared"));
    let kinds = "[written]\ncollect = true\noptional = true\n[shared]\ncollect = true\n";
    let mut files = BTreeMap::from([("kinds.toml".to_owned(), kinds.to_owned())]);
    for mail in ["written", "shared"] {
        for part in ["subject.txt", "txt", "html"] {
            files.extend(["de", "en"].map(|locale| (format!("{mail}/{locale}.{part}"), "A note".to_owned())));
        }
    }
    Templates::load(&files, Arc::new(locales.expect("both languages are whole"))).expect("the mails are whole")
}

/// Provider whose connections work if their host is `good`.
struct Echo(Arc<Core>);

#[async_trait]
impl Capability for Echo {
    async fn start(&self, _: &Call) -> Result<Started, Failure> {
        Ok(Started::Done(Value::Null))
    }
    async fn poll(&self, _: &Call, _: &Value) -> Result<Polled, Failure> {
        Ok(Polled::Done(Value::Null))
    }
}

#[async_trait]
impl Provider for Echo {
    async fn check(&self, tenant: TenantId, connection: &str) -> Report {
        let found = self.0.connections.get(tenant, "echo", connection).await.expect("readable");
        Echo::report(&found.expect("the connection exists"))
    }
    async fn check_draft(&self, _: TenantId, draft: &Connection, trial: Option<ActorId>) -> Report {
        let mut report = Echo::report(draft);
        if trial.is_some() {
            report.setting("trial", "", Verdict::Good);
        }
        report
    }
    async fn choices(&self, _: TenantId, connection: &Connection, query: &ChoiceQuery<'_>) -> Result<Choices, Failure> {
        Echo::report(connection).outcome()?;
        let choice = |name: &str| Choice {
            value: format!("House/{name}"),
            name: name.into(),
            facts: Map::from_iter([("over".to_owned(), json!(connection.name))]),
            description: match query.locale {
                Locale::De => "ein Raum".into(),
                Locale::En => "a room".into(),
            },
        };
        Ok(match query.selection {
            ChoiceSelection::Matching { search, limit } => {
                let denied = |room: &&str| query.scope["denied"] == **room;
                let rooms = ["Attic", "Cellar"].into_iter().filter(|room| !denied(room));
                let matching = rooms.filter(|room| matches_search(room, search));
                Choices { items: matching.map(choice).take(limit).collect(), unreadable: 3, ..Choices::default() }
            }
            ChoiceSelection::Exact("House/Attic") => Choices { items: vec![choice("Attic")], ..Choices::default() },
            ChoiceSelection::Exact(_) => {
                let unusable = Failure::from_parts(Class::Configuration, "template-missing", "There is no such room.");
                Choices { unusable: Some(unusable), ..Choices::default() }
            }
        })
    }
    fn scope(&self) -> Value {
        let denied = json!({ "type": "string" });
        json!({ "type": "object", "additionalProperties": false, "properties": { "denied": denied } })
    }
    fn connections(&self) -> ConnectionType {
        let member = json!({ "type": "string" });
        ConnectionType {
            config: json!({
                "type": "object",
                "required": ["host"],
                "additionalProperties": false,
                "properties": { "host": member, "room": member },
            }),
            secret: json!({ "type": "object", "additionalProperties": false, "properties": { "password": member } }),
            non_routing_fields: &["room"],
            choices: &["room"],
            validate: |config, _| match config["host"].as_str() {
                Some("http") => vec![Violation { pointer: "/config/host", code: "https" }],
                _ => Vec::new(),
            },
            fields: ECHO_FIELDS,
            texts: &ECHO_TEXTS,
        }
    }
}

const ECHO_FIELDS: &[Field] = &[Field::text("host"), Field::text("room").optional()];

static ECHO_TEXTS: LazyLock<Locales> = LazyLock::new(|| {
    let texts = |name: &str, room: &str| format!("name = \"{name}\"\n[fields.room]\nlabel = \"{room}\"\nhint = \"…\"");
    Locales::load(&texts("Haus", "Raum"), &texts("House", "Room")).unwrap()
});

impl Echo {
    fn report(connection: &Connection) -> Report {
        let mut report = Report::default();
        if connection.config["host"] == json!("good") && connection.secret["password"] == json!("canary-password") {
            report.setting("host", "good", Verdict::Good);
            return report;
        }
        let failure = Failure::from_parts(Class::Configuration, "bad-host", "The host is not good.");
        report.setting("host", "bad", failure);
        report.privilege("Room.Open", "bad", Verdict::Untested);
        report
    }
}

impl Config {
    pub fn for_tests() -> Config {
        let sessions = Limits { idle: Duration::hours(1), absolute: Duration::hours(10) };
        let rates = RateLimits::default();
        Config { web: None, origin: PUBLIC_URL.into(), sessions, proxies: Vec::new(), rates, concurrent_requests: 12 }
    }
}

pub struct TestHost {
    pub core: Arc<Core>,
    pub app: App,
    pub issuer: Issuer,
    pub closing: watch::Sender<bool>,
    router: Router,
    products: Arc<OneProduct>,
    pub database: Database,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or("no code")
    }

    /// Status and code of a refusal, and the pointers in its `errors`.
    pub fn refusal(&self) -> (u16, &str, Vec<&str>) {
        let errors = self.json["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let pointers = errors.iter().filter_map(|error| error["pointer"].as_str()).collect();
        (self.status.as_u16(), self.code(), pointers)
    }
}

impl TestHost {
    /// Starts a host with the tenant acme (requester, admin, auditor), the tenant globex (admin)
    /// and one operator.
    pub async fn new() -> TestHost {
        TestHost::at(PUBLIC_URL).await
    }

    /// Starts a host with this public address.
    pub async fn at(public_url: &str) -> TestHost {
        TestHost::build(public_url, None).await
    }

    /// Starts a host with a rate limit of commands per tenant.
    pub async fn with_quota(limit: Limit) -> TestHost {
        TestHost::build(PUBLIC_URL, Some(limit)).await
    }

    /// Starts a host with rate limits of requests.
    pub async fn with_rates(rates: RateLimits) -> TestHost {
        let mut host = TestHost::new().await;
        let config = Config { origin: host.app.config.origin.clone(), rates, ..Config::for_tests() };
        let (core, products, providers) = (host.core.clone(), host.products.clone(), host.app.providers.clone());
        let (identity, closing) = (host.app.identity.clone(), host.app.closing.clone());
        host.app = App::new(core, products, providers, identity, config, closing);
        host.router = super::router(host.app.clone());
        host
    }

    /// Builds a host that has the same clock as the test issuer.
    async fn build(public_url: &str, quota: Option<Limit>) -> TestHost {
        let database = Database::fresh().await;
        let issuer = Issuer::start().await;
        let quota = CommandQuota { commands: quota, bodies: None };
        let core = Arc::new(Core::start(database.db().await, issuer.ambient.clone(), master_key(), quota));
        for (slug, people) in [("acme", ["requester", "admin", "auditor"].as_slice()), ("globex", &["admin"])] {
            let tenant = directory::add_tenant(&core.db, &core.by, slug, &slug.to_uppercase()).await.expect("added");
            for role in people {
                let new = NewMember {
                    issuer: issuer.url.clone(),
                    subject: format!("{role}@{slug}"),
                    name: format!("Canary {role}"),
                    email: format!("{role}@{slug}.example"),
                    locale: Locale::De,
                    roles: vec![(*role).into()],
                };
                core.directory.put_member(&core.by, tenant, new).await.expect("added");
            }
        }
        for slug in ["acme", "globex"] {
            let mut tx = core.db.tenant(TenantId::derive(slug)).await.expect("a transaction");
            product::switch(&mut tx, "notes", Switch::Enable, "tests", &core.by).await.expect("enabled");
            tx.commit().await.expect("enabled");
        }
        core.directory.put_operator(&core.by, &issuer.url, "operator", "Olga").await.expect("added");
        let package = Package {
            digest: notes::DIGEST.into(),
            plugin: "notes".into(),
            version: "1.0.0".into(),
            bytes: vec![1],
            description: notes::description(),
        };
        package::store(&core.db, &package).await.expect("stored");
        let generation = package::activate(&core.db, "notes", notes::DIGEST, &core.by).await.expect("activated");
        consumers::prepare(&core.db, &notes::Notes::new(generation)).await.expect("prepared");
        // Audit rows of the host's preparation are no part of what a test expects.
        database.run("truncate eaf.audit, eaf.platform_audit").await;
        let provider = eaf_identity::Config { public_url: public_url.into(), ..issuer.config() };
        let identity = Arc::new(Identity::new(&provider, issuer.ambient.clone()).expect("configured"));
        let (closing, closed) = watch::channel(false);
        let echo: Arc<dyn Provider> = Arc::new(Echo(core.clone()));
        let providers = Arc::new(BTreeMap::from([("echo".to_owned(), echo)]));
        let products = OneProduct::new(product(generation));
        let config = Config { origin: public_url.into(), ..Config::for_tests() };
        let app = App::new(core.clone(), products.clone(), providers, identity, config, closed);
        TestHost { router: super::router(app.clone()), core, app, issuer, closing, products, database }
    }

    /// Activates another package of the product, with equal content.
    pub fn upgrade(&self) {
        let generation = self.products.0.borrow().domain.generation();
        self.products.0.send_replace(Arc::new(product(generation)));
    }

    /// Removes all roles of a member.
    pub async fn without_roles(&self, member: &Member) {
        let without = NewMember {
            issuer: member.issuer.clone(),
            subject: member.subject.clone(),
            name: member.name.clone(),
            email: member.email.clone(),
            locale: member.locale,
            roles: Vec::new(),
        };
        self.core.directory.put_member(&self.core.by, TenantId::derive("acme"), without).await.expect("written");
    }

    pub fn token(&self, who: &str) -> String {
        self.issuer.token(who, who.split_once('@').map(|(_, tenant)| tenant))
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 10 * 1024 * 1024).await.expect("the body arrives");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, text, json }
    }

    pub async fn open(&self, who: &str, path: &str, headers: &[(&str, &str)]) -> axum::response::Response {
        let request = self.request("GET", who, path, headers).body(Body::empty()).expect("a request");
        self.router.clone().oneshot(request).await.expect("the router answers")
    }

    pub fn request(
        &self,
        method: &str,
        who: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> axum::http::request::Builder {
        let token = format!("Bearer {}", self.token(who));
        let start = Request::builder().method(method).uri(path).header("authorization", token);
        headers.iter().fold(start, |request, (name, value)| request.header(*name, *value))
    }

    pub async fn get(&self, who: &str, path: &str) -> Answer {
        self.send(self.request("GET", who, path, &[]).body(Body::empty()).expect("a request")).await
    }

    pub async fn give(&self, who: &str, command: &str, body: Value, headers: &[(&str, &str)]) -> Answer {
        let path = format!("/api/notes/commands/{command}");
        self.json("POST", who, &path, body, headers).await
    }

    pub async fn json(&self, method: &str, who: &str, path: &str, body: Value, headers: &[(&str, &str)]) -> Answer {
        let request = self.request(method, who, path, headers).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    /// Writes and projects a note; returns the note's key.
    pub async fn note(&self, who: &str, title: &str) -> String {
        let answer = self.give(who, "write-note", note(title), &[]).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let slug = who.split_once('@').expect("a member").1;
        self.project(TenantId::derive(slug)).await;
        answer.json["subject"]["key"].as_str().expect("a key").to_owned()
    }

    pub async fn project(&self, tenant: TenantId) {
        let product = self.app.products.get("notes").expect("the product");
        for view in &product.domain.description().views {
            loop {
                let domain = product.domain.as_ref();
                match self.core.consumers.project_batch(domain, tenant, &view.name).await.expect("projected") {
                    consumers::Step::Advanced { .. } | consumers::Step::Busy => {}
                    consumers::Step::CaughtUp => break,
                    step => panic!("the view does not move: {step:?}"),
                }
            }
        }
    }
}

pub fn note(title: &str) -> Value {
    json!({ "title": title, "text": "long enough to be a note" })
}
