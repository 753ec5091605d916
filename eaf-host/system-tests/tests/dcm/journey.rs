//! Test of DCM on PostgreSQL with command bus, projections, triggers, journal and engine. Only
//! vCenter and the mail server are scripted.

use super::package;
use super::workflow::Datacenter;
use async_trait::async_trait;
use eaf_capability::{Call, Capabilities, Capability, Failure, Polled, Provider, Report, Started};
use eaf_core::Core;
use eaf_core::actor::{Caller, Locale, Principal};
use eaf_core::audit::trail::{self, Bounds, Filter};
use eaf_core::clock::Ambient;
use eaf_core::command_bus::{Answer, CommandQuota, Request};
use eaf_core::consumers::{Runner, prepare};
use eaf_core::directory::{NewMember, add_tenant};
use eaf_core::grant::{self, Grant, Terms};
use eaf_core::id::{ActorId, HostId, TenantId};
use eaf_core::product::{self, Switch};
use eaf_core::testing::{Database, ambient, master_key, person};
use eaf_core::view::{self, PackageView, Query};
use eaf_core::workflow;
use eaf_core::workflow::engine::{Config, Engine, PostgresKernel};
use eaf_plugin::{Plugin, Plugins, fixtures, install};
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const WAIT_MAX: Duration = Duration::from_secs(30);
const CANARY: &str = "Canary-Justification-4711";

#[derive(Default)]
struct Postbox {
    templates: Mutex<Vec<String>>,
}

#[async_trait]
impl Capability for Postbox {
    async fn start(&self, call: &Call) -> Result<Started, Failure> {
        self.templates.lock().unwrap().push(call.args["template"].as_str().unwrap().to_owned());
        Ok(Started::Done(json!({"sent": 1, "failed": 0})))
    }

    async fn poll(&self, _call: &Call, _handle: &Value) -> Result<Polled, Failure> {
        unreachable!("a mail is never pending")
    }
}

#[async_trait]
impl Provider for Postbox {
    async fn check(&self, _tenant: TenantId, _connection: &str) -> Report {
        Report::default()
    }
}

pub struct House {
    pub core: Arc<Core>,
    plugin: Arc<Plugin>,
    pub tenant: TenantId,
    vcenter: Arc<Datacenter>,
    postbox: Arc<Postbox>,
    _database: Database,
}

impl House {
    async fn open(grants: &[&str]) -> House {
        House::with(grants, ambient()).await
    }

    /// House whose host has this clock.
    pub async fn with(grants: &[&str], ambient: Ambient) -> House {
        let database = Database::fresh().await;
        let core = Core::start(database.db().await, ambient, master_key(), CommandQuota::default());
        let core = Arc::new(core);
        let plugins = Plugins::default();
        let package = package().await;
        let wasm = fixtures::wasm();
        let plugin = install::install(&core, &wasm, &plugins, &Default::default(), &package).await.unwrap();
        prepare(&core.db, plugin.domain.as_ref()).await.unwrap();
        let tenant = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
        for (capability, name) in [("vsphere", "vcenter"), ("mail", "mail")] {
            if !grants.contains(&name) {
                continue;
            }
            let granted = Grant {
                plugin: "dcm".into(),
                capability: capability.into(),
                name: name.into(),
                scope: json!({}),
                connection: "main".into(),
            };
            let mut tx = core.db.tenant(tenant).await.unwrap();
            grant::put(&mut tx, &granted, &Terms::default(), &core.by).await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut tx = core.db.tenant(tenant).await.unwrap();
        product::switch(&mut tx, "dcm", Switch::Enable, "tests", &core.by).await.unwrap();
        tx.commit().await.unwrap();
        let (vcenter, postbox) = (Arc::new(Datacenter::default()), Arc::new(Postbox::default()));
        let capabilities = Capabilities::from([
            ("vsphere".to_owned(), vcenter.clone() as Arc<dyn Capability>),
            ("mail".to_owned(), postbox.clone() as Arc<dyn Capability>),
        ]);
        let packages = Arc::new(plugins);
        let host = HostId(core.ambient.uuid());
        let kernel = PostgresKernel::new(core.clone(), packages.clone(), host, workflow::LEASE);
        let engine = Engine::new(Arc::new(kernel), packages, Arc::new(capabilities), Config::default());
        let runner = Runner::new(core.clone(), vec![plugin.domain.clone()]);
        tokio::spawn(runner.run(std::future::pending()));
        tokio::spawn(async move { engine.run(std::future::pending()).await });
        House { core, plugin, tenant, vcenter, postbox, _database: database }
    }

    pub async fn give(&self, caller: &Caller, name: &str, body: Value) -> String {
        let request = Request {
            name: name.into(),
            body,
            idempotency_key: format!("{name}-1"),
            dry_run: false,
            precondition: None,
        };
        let answer = self.core.bus.execute(self.plugin.domain.as_ref(), caller, request).await.unwrap();
        match answer {
            Answer::Accepted { subject, .. } => subject.map(|subject| subject.key).unwrap_or_default(),
            Answer::Rejected(rejection) => panic!("{name} rejected: {rejection:?}"),
        }
    }

    /// Row of a view, as an auditor reads it.
    pub async fn row(&self, view: &str, key: &str) -> Option<Map<String, Value>> {
        let view = self.plugin.description.views.iter().find(|known| known.name == view).unwrap();
        let auditor = person(self.tenant, &["dcm.audit"]);
        let row = view::get(&self.core.db, &auditor, PackageView::alone("dcm", view), key).await.unwrap();
        row.map(|row| row.columns)
    }

    /// Waits until the request has ended, and returns the request's row.
    async fn ended(&self, key: &str) -> Map<String, Value> {
        let row = async {
            let mut changes = self.core.feed.subscribe();
            loop {
                let row = self.row("requests", key).await;
                if let Some(row) = row.filter(|row| row["terminal"] == json!(true) || row["status"] == "failed") {
                    return row;
                }
                let _ = tokio::time::timeout(Duration::from_millis(200), changes.recv()).await;
            }
        };
        tokio::time::timeout(WAIT_MAX, row).await.expect("the request ends")
    }

    /// Ids of the requests of the rows that the caller reads in a view, one per row.
    async fn requests_in(&self, caller: &Caller, name: &str) -> Vec<String> {
        let rows = self.rows(caller, name).await;
        rows.iter().map(|row| row["request_id"].as_str().unwrap().to_owned()).collect()
    }

    /// First rows that the caller reads in a view.
    pub async fn rows(&self, caller: &Caller, name: &str) -> Vec<Map<String, Value>> {
        let description = &self.plugin.description;
        let view = description.views.iter().find(|view| view.name == name).unwrap();
        let query = Query { filters: vec![], search: None, sort: None, after: None, limit: 200 };
        let page =
            view::query(&self.core.db, caller, PackageView::new("dcm", view, description), &query).await.unwrap();
        page.items.into_iter().map(|row| row.columns).collect()
    }

    /// Admin who is a member, because only members are asked to decide.
    pub async fn admin(&self) -> Caller {
        let new = NewMember {
            issuer: "https://id.example.com".into(),
            subject: "ada".into(),
            name: "Ada Admin".into(),
            email: "ada@acme.example".into(),
            locale: Locale::En,
            roles: vec!["admin".into()],
        };
        let actor = self.core.directory.put_member(&self.core.by, self.tenant, new).await.unwrap();
        Caller { actor, ..person(self.tenant, &["dcm.offer", "dcm.approve", "dcm.decide"]) }
    }

    async fn ask_and_approve(&self) -> String {
        let admin = self.admin().await;
        let key = self.ask(&admin).await;
        self.give(&admin, "approve-request", json!({"request": key})).await;
        key
    }

    /// Requests a machine of an offering that the admin defines, and returns the request's id.
    pub async fn ask(&self, admin: &Caller) -> String {
        let requester = person(self.tenant, &["dcm.request"]);
        let offering = json!({
            "key": "small", "name": "Small", "template": "tpl-debian-12", "image": "Debian 12", "cpu_min": 1, "cpu_max": 8,
            "memory_gb_min": 1, "memory_gb_max": 32, "base_cents": 1000, "cpu_cents": 500, "gb_cents": 100,
        });
        self.give(admin, "define-offering", offering).await;
        let request = json!({
            "name": "web-01", "offering": "small", "cpus": 4, "memory_gb": 8, "term_months": 12, "justification": CANARY,
        });
        self.give(&requester, "request-vm", request).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_request_leads_to_a_machine_and_its_mails() {
    let house = House::open(&["vcenter", "mail"]).await;
    let key = house.ask_and_approve().await;
    let row = house.ended(&key).await;
    assert_eq!(row["status"], "fulfilled", "{row:?}");
    assert_eq!(row["ip"], "10.0.0.7", "{row:?}");
    let clones = house.vcenter.calls.lock().unwrap().iter().filter(|(function, _)| function == "clone").count();
    assert_eq!(clones, 1);

    let mails = async {
        while house.postbox.templates.lock().unwrap().len() < 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(WAIT_MAX, mails).await.expect("three mails");
    let mut templates = house.postbox.templates.lock().unwrap().clone();
    templates.sort();
    assert_eq!(templates, ["approval-requested", "request-fulfilled", "request-settled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_are_asked_read_the_timeline_and_the_stages_of_the_request() {
    let house = House::open(&["mail"]).await;
    let key = house.ask_and_approve().await;
    house.ended(&key).await;
    // A deputy reads what asks the approver, and has the permission to decide alone.
    let approver = Principal {
        id: house.admin().await.actor,
        roles: vec!["admin".into()],
        permissions: vec!["dcm.approve".into(), "dcm.decide".into()],
        groups: Vec::new(),
        manages: Vec::new(),
    };
    let mut deputy = person(house.tenant, &["dcm.decide"]);
    deputy.affiliation.stands_in_for = vec![approver];
    let asked = house.requests_in(&deputy, "timeline").await;
    assert!(!asked.is_empty() && asked.iter().all(|request| *request == key), "{asked:?}");
    let auditor = person(house.tenant, &["dcm.audit"]);
    assert_eq!(asked, house.requests_in(&auditor, "timeline").await);
    assert_eq!(house.requests_in(&deputy, "stages").await, house.requests_in(&auditor, "stages").await);
    let other = person(house.tenant, &["dcm.decide"]);
    for view in ["timeline", "stages"] {
        assert!(house.requests_in(&other, view).await.is_empty(), "{view}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_could_not_report_its_end_leaves_a_retryable_request() {
    let house = House::open(&["vcenter", "mail"]).await;
    *house.vcenter.panics_at.lock().unwrap() = Some("power-on");
    let key = house.ask_and_approve().await;
    let row = house.ended(&key).await;
    assert_eq!((&row["status"], &row["failed_step"]), (&json!("failed"), &json!("power-on")), "{row:?}");
    let runs = workflow::list(&house.core.db, house.tenant, Some(&key), None, 100).await.unwrap();
    let failed = runs.iter().find(|run| run.workflow == "provision").unwrap();
    assert_eq!(failed.failure.as_ref().unwrap()["code"], "component-stopped");

    *house.vcenter.panics_at.lock().unwrap() = None;
    let admin = person(house.tenant, &["dcm.operate"]);
    house.give(&admin, "retry-request", json!({"request": key})).await;
    let fulfilled = async {
        while house.ended(&key).await["status"] != "fulfilled" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(WAIT_MAX, fulfilled).await.expect("the second attempt ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_persons_key_was_destroyed_ends_instead_of_looping() {
    let house = House::open(&["vcenter", "mail"]).await;
    *house.vcenter.panics_at.lock().unwrap() = Some("power-on");
    let key = house.ask_and_approve().await;
    let provision = || async {
        let runs = workflow::list(&house.core.db, house.tenant, Some(&key), None, 100).await.unwrap();
        runs.into_iter().find(|run| run.workflow == "provision")
    };
    let subject = async || {
        let row = house.row("requests", &key).await.unwrap();
        ActorId(row["requester_id"].as_str().unwrap().parse().unwrap())
    };
    let (mut destroyed, until) = (false, tokio::time::Instant::now() + WAIT_MAX);
    loop {
        let run = provision().await;
        if !destroyed
            && let Some(run) = &run
            && run.attempts > 0
        {
            let mut tx = house.core.db.tenant(house.tenant).await.unwrap();
            house.core.keyring.destroy(&mut tx, subject().await).await.unwrap();
            tx.commit().await.unwrap();
            destroyed = true;
        }
        if let Some(failure) = run.and_then(|run| run.failure) {
            assert_eq!(failure["code"], "erased");
            break;
        }
        assert!(tokio::time::Instant::now() < until, "it does not end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_its_grant_fails_visibly_and_the_denial_is_audited() {
    let house = House::open(&["mail"]).await;
    let key = house.ask_and_approve().await;
    let row = house.ended(&key).await;
    assert_eq!(row["status"], "failed", "{row:?}");
    assert!(house.vcenter.calls.lock().unwrap().is_empty(), "nothing reached vCenter");
    let mut tx = house.core.db.tenant(house.tenant).await.unwrap();
    let denied = Filter { outcome: Some("denied".into()), ..Filter::default() };
    let bounds = Bounds { items: 20, examined: 1_000 };
    let audit = trail::page(&mut tx, &denied, None, bounds).await.unwrap();
    assert_eq!(audit.items.first().map(|denial| denial.act.as_str()), Some("vsphere.open"));
    let missing = install::missing_grants(&house.core, &house.plugin).await.unwrap();
    assert_eq!(missing, [(house.tenant, "vsphere/vcenter".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_runs_shows_calls_and_no_contents() {
    let house = House::open(&["vcenter", "mail"]).await;
    let key = house.ask_and_approve().await;
    house.ended(&key).await;
    let runs = workflow::list(&house.core.db, house.tenant, None, None, 100).await.unwrap();
    assert!(!runs.is_empty());
    let mut shown = format!("{runs:?}");
    for run in &runs {
        shown.push_str(&format!("{:?}", workflow::entries(&house.core.db, house.tenant, run.id).await.unwrap()));
    }
    assert!(shown.contains("power-on") && !shown.contains(CANARY), "{shown}");
}
