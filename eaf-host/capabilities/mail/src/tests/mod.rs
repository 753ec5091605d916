//! Tests of the mail capability with a real mail server (maildev). Where a test needs failures, a
//! fault proxy is between host and mail server.
//!
//! The environment variable `EAF_MAILDEV` names maildev's script, see `eaf_test_support::maildev`.
//! The package whose mails the tests send is in `fixture/`.

mod conditions;
mod connection_problems;
mod connections;
mod database;
mod delivery;
mod egress;
mod host_mail;
mod queue;
mod refusals;
mod server;
mod tokens;
mod wire;

use super::Mail;
use super::failure::transient;
use super::limits::Limits;
use super::mail_store::{Deferral, Entry, MailState, MailStore, Offer, Person, Preference, RowQuery, Status};
use super::smtp::{Deadlines, RFC_5321};
use async_trait::async_trait;
use eaf_capability::text::Locales;
use eaf_capability::text::mails::Templates;
use eaf_capability::{Call, Capability, Failure, Granted, GrantedConnection, HostCode, Packages, Provider, Started};
use eaf_core::actor::{Locale, TraceId};
use eaf_core::connection::Connection;
use eaf_core::contract::ViewType;
use eaf_core::directory::PeopleQuery;
use eaf_core::id::{ActorId, EventId, RunId, TenantId};
use eaf_test_support::maildev::Maildev;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

const PLUGIN: &str = "fixture";
const PUBLIC_URL: &str = "https://eaf.example.com";

fn actor(number: u128) -> ActorId {
    ActorId(Uuid::from_u128(number))
}

/// Mail store in memory, with the people and the connection that a test sets.
#[derive(Clone, Default)]
struct FakeStore(Arc<Mutex<Contents>>);

#[derive(Default)]
struct Contents {
    people: Vec<(Person, Vec<String>)>,
    config: Value,
    secret: Map<String, Value>,
    log: BTreeMap<String, Logged>,
    is_paused: bool,
    /// Preferences of the people who set one.
    preferences: BTreeMap<ActorId, Preference>,
    /// Number of offered mails after which the store reports the connection as paused; `None`:
    /// never.
    pauses_after: Option<i32>,
    /// Time by which this store's clock is ahead of the machine's clock.
    later: Duration,
    deadlines: Option<Deadlines>,
    /// Status of each row in the view of the fixture's requests, by the row's key.
    requests: BTreeMap<String, String>,
    is_view_halted: bool,
    /// Outcomes of SMTP sessions in the order of recording: the failure's code, or `None` for a
    /// success.
    used: Vec<Option<String>>,
    /// Whether recording the outcome of an SMTP session fails.
    is_use_lost: bool,
}

/// Row of the mail log in the fake store.
struct Logged {
    state: MailState,
    relay: Option<String>,
    offered_at: Option<OffsetDateTime>,
}

impl FakeStore {
    fn at(server: SocketAddr) -> Self {
        let store = FakeStore::default();
        store.connect(json!({
            "host": "127.0.0.1", "port": server.port(), "tls": "none",
            "from": "cloud@acme.example", "from_name": "Acme Cloud",
        }));
        store
    }

    fn connect(&self, config: Value) {
        self.0.lock().unwrap().config = config;
    }

    fn login(&self, username: &str, password: &str) {
        let mut paper = self.0.lock().unwrap();
        paper.config["username"] = username.into();
        paper.secret = json!({"password": password}).as_object().unwrap().clone();
    }

    fn hire(&self, number: u128, name: &str, email: &str, locale: Locale, role: &str) {
        let person = Person { actor: actor(number), name: name.into(), email: email.into(), locale };
        self.0.lock().unwrap().people.push((person, vec![role.into()]));
    }

    fn request(&self, key: &str, status: &str) {
        self.0.lock().unwrap().requests.insert(key.into(), status.into());
    }

    fn log(&self) -> Vec<(ActorId, Status)> {
        let paper = self.0.lock().unwrap();
        let states = paper.log.values().map(|logged| &logged.state);
        let mut log: Vec<_> = states.map(|state| (state.entry.mail.recipient, state.status.clone())).collect();
        log.sort_by_key(|(recipient, _)| *recipient);
        log
    }

    fn provider(&self) -> Engine {
        Engine { store: self.clone(), mail: self.mail() }
    }

    fn mail(&self) -> Mail {
        Mail {
            store: Arc::new(self.clone()),
            digests: None,
            packages: Arc::new(Fixture),
            public_url: PUBLIC_URL.into(),
            tokens: Default::default(),
            limits: Limits::default(),
            deadlines: self.0.lock().unwrap().deadlines.unwrap_or(RFC_5321),
            egress: eaf_capability::egress::testing::this_machine(),
            login_limiter: Arc::default(),
            contact: Duration::from_secs(30),
        }
    }

    fn set(&self, name: &str, value: impl Into<Value>) {
        self.0.lock().unwrap().config[name] = value.into();
    }

    fn pause(&self, is_paused: bool) {
        self.0.lock().unwrap().is_paused = is_paused;
    }

    /// Sets the time-outs of all steps of an SMTP session to `most`.
    fn limit_time_outs(&self, most: Duration) {
        let deadlines = Deadlines { connect: most, handshake: most, greeting: most, command: most, content: most };
        self.0.lock().unwrap().deadlines = Some(deadlines);
    }

    /// Advances this store's clock by `time`.
    fn advance(&self, time: Duration) {
        self.0.lock().unwrap().later += time;
    }

    /// Time until the next attempt of the mail to person `number`; `None` if the mail has no time
    /// of a next attempt.
    fn waits(&self, number: u128) -> Option<Duration> {
        let (now, paper) = (self.now(), self.0.lock().unwrap());
        let mut states = paper.log.values().map(|logged| &logged.state);
        let state = states.find(|state| state.entry.mail.recipient == actor(number)).expect("written down");
        state.next_at.map(|next| Duration::try_from(next - now).unwrap_or_default())
    }

    fn stored_connection(&self) -> Connection {
        let paper = self.0.lock().unwrap();
        let (config, secret) = (paper.config.clone(), paper.secret.clone());
        Connection { capability: "mail".into(), name: "main".into(), config, secret, set_at: None }
    }

    /// Copy of the call as the workflow engine passes it to the provider: with the connection that
    /// the store has now.
    fn resolved(&self, call: &Call) -> Call {
        let connection = GrantedConnection::Found(self.stored_connection());
        Call { granted: Granted { connection, ..call.granted.clone() }, ..call.clone() }
    }

    fn change(&self, entry: &Entry, change: impl FnOnce(&mut Logged)) {
        let mut paper = self.0.lock().unwrap();
        change(paper.log.get_mut(&entry.mail.message_id).expect("recorded before"));
    }
}

/// Mail provider whose calls are completed as the workflow engine does: each call gets the
/// connection that the store has now.
struct Engine {
    store: FakeStore,
    mail: Mail,
}

impl Engine {
    async fn start(&self, call: &Call) -> Result<Started, Failure> {
        self.mail.start(&self.store.resolved(call)).await
    }

    async fn repeat_item(&self, call: &Call, item: &str) -> Result<Value, Failure> {
        self.mail.repeat_item(&self.store.resolved(call), item).await
    }
}

impl Deref for Engine {
    type Target = Mail;

    fn deref(&self) -> &Mail {
        &self.mail
    }
}

#[async_trait]
impl MailStore for FakeStore {
    fn now(&self) -> OffsetDateTime {
        time::macros::datetime!(2026-11-23 12:00 UTC) + self.0.lock().unwrap().later
    }

    async fn tenant_name(&self, _: TenantId) -> Result<String, Failure> {
        Ok("Acme GmbH".into())
    }

    async fn person(&self, _: TenantId, actor: ActorId) -> Result<Option<Person>, Failure> {
        let paper = self.0.lock().unwrap();
        Ok(paper.people.iter().map(|(person, _)| person.clone()).find(|person| person.actor == actor))
    }

    async fn people(&self, _: TenantId, query: &PeopleQuery) -> Result<Vec<Person>, Failure> {
        let paper = self.0.lock().unwrap();
        let is_meant = |(person, held): &&(Person, Vec<String>)| {
            held.iter().any(|role| query.roles.contains(role)) && !query.except.contains(&person.actor)
        };
        Ok(paper.people.iter().filter(is_meant).map(|(person, _)| person.clone()).collect())
    }

    async fn preference(&self, _: TenantId, actor: ActorId) -> Result<Preference, Failure> {
        Ok(self.0.lock().unwrap().preferences.get(&actor).cloned().unwrap_or_default())
    }

    async fn recipients_of(&self, _: TenantId, _: RunId, template: &str) -> Result<Vec<ActorId>, Failure> {
        let paper = self.0.lock().unwrap();
        let states = paper.log.values().map(|logged| &logged.state);
        let sent = states.filter(|state| state.entry.mail.template == template && state.status == Status::Sent);
        Ok(sent.map(|state| state.entry.mail.recipient).collect())
    }

    async fn connection(&self, _: TenantId, _: &str) -> Result<Option<Connection>, Failure> {
        Ok(Some(self.stored_connection()))
    }

    async fn used(&self, _: TenantId, _: &str, _: Option<OffsetDateTime>, error: Option<&str>) -> Result<(), Failure> {
        let mut paper = self.0.lock().unwrap();
        if paper.is_use_lost {
            return Err(transient(HostCode::DirectoryUnreadable, "The row is locked.".into()));
        }
        paper.used.push(error.map(str::to_owned));
        Ok(())
    }

    async fn is_paused(&self, _: TenantId, _: &str) -> Result<bool, Failure> {
        let paper = self.0.lock().unwrap();
        let offered: i32 = paper.log.values().map(|logged| logged.state.attempts).sum();
        Ok(paper.is_paused || paper.pauses_after.is_some_and(|after| offered >= after))
    }

    async fn offered(&self, _: TenantId, _: &str) -> Result<u32, Failure> {
        let (now, paper) = (self.now(), self.0.lock().unwrap());
        let is_recent = |logged: &&Logged| logged.offered_at.is_some_and(|at| at > now - Duration::from_secs(60));
        Ok(paper.log.values().filter(is_recent).count() as u32)
    }

    async fn row(&self, query: &RowQuery<'_>) -> Result<Option<Map<String, Value>>, Failure> {
        let paper = self.0.lock().unwrap();
        if paper.is_view_halted {
            return Err(transient(HostCode::ViewBehind, "The view is halted.".into()));
        }
        let status = paper.requests.get(query.key).filter(|_| query.view.name == "approvals");
        Ok(status.map(|status| Map::from_iter([("status".to_owned(), json!(status))])))
    }

    async fn record(&self, entry: &Entry) -> Result<MailState, Failure> {
        let (written_at, mut paper) = (self.now(), self.0.lock().unwrap());
        let logged = paper.log.entry(entry.mail.message_id.clone()).or_insert_with(|| {
            let (entry, status, next_at) = (entry.clone(), Status::Pending(None), None);
            let (attempts, unanswered, deferrals, deferred_since) = (0, 0, 0, None);
            let state =
                MailState { entry, status, attempts, unanswered, deferrals, deferred_since, next_at, written_at };
            Logged { state, relay: None, offered_at: None }
        });
        Ok(logged.state.clone())
    }

    async fn collect(&self, entry: &Entry, _: OffsetDateTime, _: Option<&str>) -> Result<bool, Failure> {
        self.change(entry, |logged| logged.state.status = Status::Collected(None));
        Ok(true)
    }

    async fn pending_of(&self, _: TenantId, run: RunId, sequence: i32) -> Result<Vec<MailState>, Failure> {
        let paper = self.0.lock().unwrap();
        let states = paper.log.values().map(|logged| logged.state.clone());
        let is_its_own = |state: &MailState| (state.entry.mail.run, state.entry.mail.sequence) == (run, sequence);
        Ok(states.filter(|state| is_its_own(state) && matches!(state.status, Status::Pending(_))).collect())
    }

    async fn attempt(&self, entry: &Entry, connection: &str, rate: Option<u32>) -> Result<Offer, Failure> {
        let (now, offered) = (self.now(), self.offered(entry.tenant, connection).await?);
        if rate.is_some_and(|rate| offered >= rate) {
            return Ok(Offer::RateReached);
        }
        self.change(entry, |logged| {
            logged.state.attempts += 1;
            logged.offered_at = Some(now);
        });
        Ok(Offer::Made)
    }

    async fn begin_transmission(&self, entry: &Entry) -> Result<bool, Failure> {
        let mut is_pending = false;
        self.change(entry, |logged| {
            is_pending = matches!(logged.state.status, Status::Pending(_));
            logged.state.unanswered += i32::from(is_pending);
        });
        Ok(is_pending)
    }

    async fn defer(&self, entry: &Entry, deferral: &Deferral<'_>) -> Result<(), Failure> {
        let now = self.now();
        self.change(entry, |logged| {
            logged.state.status = Status::Pending(Some(deferral.error.into()));
            logged.state.next_at = Some(now + deferral.delay);
            logged.state.unanswered = deferral.unanswered;
            let (deferrals, since) = (logged.state.deferrals, logged.state.deferred_since);
            logged.state.deferrals = if deferral.of_recipient { deferrals + 1 } else { 0 };
            logged.state.deferred_since = deferral.of_recipient.then(|| since.unwrap_or(now));
        });
        Ok(())
    }

    async fn settle(&self, entry: &Entry, status: &Status, relay: Option<&str>) -> Result<(), Failure> {
        self.change(entry, |logged| {
            logged.state.status = status.clone();
            logged.relay = relay.map(str::to_owned);
        });
        Ok(())
    }
}

/// Package whose texts and mails are in `fixture/`.
struct Fixture;

impl Packages for Fixture {
    fn roles_holding(&self, plugin: &str, permission: &str) -> Vec<String> {
        match (plugin, permission) {
            (PLUGIN, "approve") => vec!["approver".into(), "admin".into()],
            (PLUGIN, "operate") => vec!["admin".into()],
            _ => Vec::new(),
        }
    }

    fn mails(&self, plugin: &str) -> Option<Arc<Templates>> {
        (plugin == PLUGIN).then(|| Arc::new(templates()))
    }

    fn view(&self, plugin: &str, name: &str) -> Option<ViewType> {
        let approvals = json!({
            "name": "approvals", "version": 1, "events": ["request-submitted"],
            "read": [{"permission": "approve", "own": null}],
            "columns": [
                {"name": "status", "type": "text", "filter": true, "sort": true},
                {"name": "terminal", "type": "boolean", "filter": true, "sort": false},
                {"name": "submitted_at", "type": "timestamp", "filter": false, "sort": true},
            ],
        });
        let view: ViewType = serde_json::from_value(approvals).expect("a view");
        (plugin == PLUGIN && view.name == name).then_some(view)
    }
}

fn templates() -> Templates {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/fixture");
    let read = |path: PathBuf| std::fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{path:?}: {cause}"));
    let locales = Locales::load(&read(folder.join("de.toml")), &read(folder.join("en.toml"))).expect("texts");
    let mut files = BTreeMap::new();
    for mail in std::fs::read_dir(folder.join("mails")).unwrap() {
        let mail = mail.unwrap().path();
        for file in std::fs::read_dir(&mail).unwrap() {
            let file = file.unwrap().path();
            let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
            files.insert(format!("{}/{}", name(&mail), name(&file)), read(file));
        }
    }
    Templates::load(&files, Arc::new(locales)).expect("the mails are whole").of("Fixture")
}

/// Facts of a request (machine, price, requester) as a workflow passes them to the template of a
/// mail.
fn facts() -> Value {
    json!({
        "request_id": "0c9a0f3e-5d5e-5d3b-9f6c-0b8f2f6f7a11",
        "vm_name": "web-01", "offering": "Linux, klein", "image": "Debian 12",
        "cpus": 4, "memory_gb": 8, "term_months": 12, "monthly_cents": 6200, "currency": "EUR",
        "requester_name": "Jana Berger",
        "justification": "Neuer Webserver für den Kundenbereich.\nErsetzt <web-00>.",
        "approver_name": "Martin Vogel",
        "reason": "Bitte erst mit „web-00“ & Co. aufräumen.",
        "ip": "10.20.0.17", "access": "ssh",
        "vm_id": "0c9a0f3e-5d5e-5d3b-9f6c-0b8f2f6f7a11", "by_name": "Ute Brandt", "status": "withdrawn",
        "failed_step": "clone", "error_code": "template-missing",
        "error_message": "There is no template `Templates/debian-12`.", "operators_notified": true,
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    })
}

fn call(template: &str, to: Value, facts: Value) -> Call {
    Call {
        tenant: TenantId::derive("acme"),
        plugin: PLUGIN.into(),
        run: RunId(Uuid::from_u128(7)),
        event: EventId(Uuid::from_u128(8)),
        sequence: 1,
        idempotency_key: "7/1".into(),
        granted: Granted::without_connection("mail"),
        function: "send".into(),
        args: json!({"template": template, "to": to, "facts": facts}),
        trace: TraceId("00000000000000000000000000000042".into()),
    }
}

fn to_approvers() -> Value {
    json!({"people": {"permissions": ["approve"], "except": [actor(1)]}})
}

fn approval() -> Call {
    call("approval-requested", to_approvers(), facts())
}

/// Addresses of the recipients of all delivered mails, sorted.
async fn addressees(server: &Maildev) -> Vec<String> {
    let mut addressees: Vec<_> = server.inbox().await.into_iter().map(|mail| mail.to[0].address.clone()).collect();
    addressees.sort();
    addressees
}

fn waits_for(reason: &str) -> Status {
    Status::Pending(Some(reason.into()))
}

/// Starts a call as the workflow engine does: if the failure is not retryable, the call ends and is
/// abandoned.
async fn send(store: &FakeStore, call: &Call) -> Result<Value, Failure> {
    let provider = store.provider();
    match provider.start(call).await {
        Ok(Started::Done(answer)) => Ok(answer),
        Ok(Started::Pending { .. }) => panic!("mail leaves nothing pending"),
        Err(failure) if failure.class.is_retryable() => Err(failure),
        Err(failure) => {
            provider.abandon(call, &failure).await?;
            Err(failure)
        }
    }
}
