//! Tests of the conditions of mails: a mail is sent only while a row of DCM's views has the
//! expected values.

use super::mails::facts;
use super::package;
use eaf_capability::egress::testing::this_machine;
use eaf_capability::text::mails::Templates;
use eaf_capability::{Call, Class, Granted, Packages, Provider, ProviderDependencies, Registration, Started};
use eaf_core::actor::{Caller, Locale, TraceId};
use eaf_core::capability::granted::{Resolution, resolve};
use eaf_core::command_bus::{Answer, Request};
use eaf_core::connection::NewConnection;
use eaf_core::consumers::{Runner, prepare};
use eaf_core::contract::ViewType;
use eaf_core::directory::NewMember;
use eaf_core::grant::{self, Grant, Terms};
use eaf_core::id::{ActorId, EventId, RunId, TenantId};
use eaf_core::product::{self, Switch};
use eaf_core::testing::{Database, person};
use eaf_core::{Core, directory, mail_log};
use eaf_mail as _;
use eaf_plugin::{Plugin, Plugins, fixtures, install};
use eaf_test_support::fault_proxy::FaultProxy;
use eaf_test_support::maildev::Maildev;
use serde_json::{Map, Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use uuid::Uuid;

/// List of packages that contains DCM alone.
struct OnePackage(Arc<Plugin>);

impl Packages for OnePackage {
    fn roles_holding(&self, _plugin: &str, permission: &str) -> Vec<String> {
        assert_eq!(permission, "approve");
        vec!["approver".into(), "admin".into()]
    }

    fn mails(&self, _plugin: &str) -> Option<Arc<Templates>> {
        Some(self.0.mails.clone())
    }

    fn view(&self, _plugin: &str, name: &str) -> Option<ViewType> {
        self.0.description.views.iter().find(|view| view.name == name).cloned()
    }
}

/// Core with DCM and one approver, without a serving host.
pub struct House {
    pub core: Arc<Core>,
    plugin: Arc<Plugin>,
    pub tenant: TenantId,
    pub approver: ActorId,
    pub database: Database,
}

impl House {
    pub async fn open() -> House {
        let database = Database::fresh().await;
        let core = Arc::new(database.core().await);
        let (wasm, plugins, package) = (fixtures::wasm(), Plugins::default(), package().await);
        let plugin = install::install(&core, &wasm, &plugins, &Default::default(), &package).await.unwrap();
        prepare(&core.db, plugin.domain.as_ref()).await.unwrap();
        let tenant = directory::add_tenant(&core.db, &core.by, "acme", "Acme GmbH").await.unwrap();
        let approver = add_member(&core, tenant, "Martin Vogel", "martin@acme.example", &["approver"]).await;
        House { core, plugin, tenant, approver, database }
    }

    pub async fn give(&self, who: &Caller, name: &str, body: Value) -> String {
        let request = Request {
            name: name.into(),
            body,
            idempotency_key: Uuid::now_v7().to_string(),
            dry_run: false,
            precondition: None,
        };
        match self.core.bus.execute(self.plugin.domain.as_ref(), who, request).await.unwrap() {
            Answer::Accepted { subject, .. } => subject.map(|subject| subject.key).unwrap_or_default(),
            Answer::Rejected(rejection) => panic!("{name} rejected: {rejection:?}"),
        }
    }

    /// Creates a request; returns the request's key and its requester.
    pub async fn request(&self) -> (String, Caller) {
        let offering = json!({
            "key": "small", "name": "Small", "template": "tpl-debian-12", "image": "Debian 12", "cpu_min": 1, "cpu_max": 8,
            "memory_gb_min": 1, "memory_gb_max": 32, "base_cents": 1000, "cpu_cents": 500, "gb_cents": 100,
        });
        self.give(&person(self.tenant, &["dcm.offer"]), "define-offering", offering).await;
        self.request_machine("web-01").await
    }

    /// Requests a machine of the offering that [`request`](Self::request) has defined.
    pub async fn request_machine(&self, name: &str) -> (String, Caller) {
        let wish = json!({
            "name": name, "offering": "small", "cpus": 4, "memory_gb": 8, "term_months": 12, "justification": "A new web shop",
        });
        let requester = person(self.tenant, &["dcm.request"]);
        (self.give(&requester, "request-vm", wish).await, requester)
    }

    fn provider(&self) -> Arc<dyn Provider> {
        self.provider_of(self.core.clone())
    }

    /// Mail provider of another host on the same database.
    pub fn provider_of(&self, core: Arc<Core>) -> Arc<dyn Provider> {
        let parts = ProviderDependencies {
            core,
            packages: Arc::new(OnePackage(self.plugin.clone())),
            egress: this_machine(),
            login_limiter: Arc::default(),
            public_url: "https://eaf.example.com".into(),
        };
        let registration =
            inventory::iter::<Registration>.into_iter().find(|found| found.name == "mail").expect("mail is registered");
        (registration.make)(&parts)
    }

    pub fn project(&self) {
        let runner = Runner::new(self.core.clone(), vec![self.plugin.domain.clone()]);
        tokio::spawn(runner.run(std::future::pending()));
    }

    async fn granted(&self, tenant: TenantId) -> Granted {
        let (db, connections) = (&self.core.db, &self.core.connections);
        match resolve(db, connections, tenant, "dcm", "mail", "mail").await.unwrap() {
            Resolution::Granted(granted) => *granted,
            denied => panic!("granted in the set-up: {denied:?}"),
        }
    }

    pub async fn ask_approvers(&self, request: &str) -> Call {
        self.ask_approvers_of(self.tenant, request).await
    }

    async fn ask_approvers_of(&self, tenant: TenantId, request: &str) -> Call {
        let to = json!({"people": {"permissions": ["approve"]}});
        let condition = json!({"view": "approvals", "key": request, "member": "status", "equals": "pending"});
        Call {
            tenant,
            plugin: "dcm".into(),
            run: RunId(Uuid::from_u128(7)),
            event: EventId(Uuid::from_u128(8)),
            sequence: 1,
            idempotency_key: "7/1".into(),
            granted: self.granted(tenant).await,
            function: "send-while".into(),
            args: json!({"template": "approval-requested", "to": to, "facts": facts(), "condition": condition}),
            trace: TraceId("00000000000000000000000000000042".into()),
        }
    }
}

pub async fn add_member(core: &Core, tenant: TenantId, name: &str, email: &str, roles: &[&str]) -> ActorId {
    let new = NewMember {
        issuer: "https://id.example.com".into(),
        subject: name.into(),
        name: name.into(),
        email: email.into(),
        locale: Locale::De,
        roles: roles.iter().map(|role| (*role).into()).collect(),
    };
    core.directory.put_member(&core.by, tenant, new).await.unwrap()
}

pub async fn connect(core: &Core, tenant: TenantId, server: SocketAddr) {
    let mut tx = core.db.tenant(tenant).await.unwrap();
    let new = NewConnection {
        capability: "mail".into(),
        name: "main".into(),
        config: json!({"host": "127.0.0.1", "port": server.port(), "tls": "none", "from": "cloud@acme.example"}),
        secret: Some(Map::new()),
        non_routing_fields: &[],
    };
    core.connections.put(&mut tx, &new, ActorId::SYSTEM).await.unwrap();
    let granted = Grant {
        plugin: "dcm".into(),
        capability: "mail".into(),
        name: "mail".into(),
        scope: json!({}),
        connection: "main".into(),
    };
    grant::put(&mut tx, &granted, &Terms::default(), &core.by).await.unwrap();
    product::switch(&mut tx, "dcm", Switch::Enable, "tests", &core.by).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_withdrawn_while_the_server_is_away_is_not_mailed() {
    let house = House::open().await;
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    connect(&house.core, house.tenant, proxy.address()).await;
    let provider = house.provider();
    house.project();
    let (request, requester) = house.request().await;
    let call = house.ask_approvers(&request).await;

    proxy.cut();
    assert_eq!(provider.start(&call).await.unwrap_err().code, "mail-unreachable");
    house.give(&requester, "withdraw-request", json!({"request": request})).await;
    proxy.restore();

    let Ok(Started::Done(answer)) = provider.start(&call).await else { panic!("the server is back") };
    assert_eq!(answer, json!({"sent": 0, "failed": 0, "skipped": true}));
    assert!(server.inbox().await.is_empty());
    let logged = mail_log::list(&house.core.db, house.tenant, mail_log::MailFilter::All, 10).await.unwrap();
    assert_eq!(logged.iter().map(|mail| &mail.status).collect::<Vec<_>>(), [&mail_log::Status::Skipped]);
    assert!(mail_log::list(&house.core.db, house.tenant, mail_log::MailFilter::Failed, 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_without_the_request_delays_the_mail_and_does_not_skip_it() {
    let house = House::open().await;
    let server = Maildev::start(&[]).await;
    connect(&house.core, house.tenant, server.address()).await;
    let provider = house.provider();
    let (request, _) = house.request().await;
    let call = house.ask_approvers(&request).await;

    let failure = provider.start(&call).await.expect_err("no view is projected");
    assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "view-behind"));

    house.project();
    let Ok(Started::Done(answer)) = provider.start(&call).await else { panic!("the view catches up") };
    assert_eq!(answer, json!({"sent": 1, "failed": 0, "skipped": false}));
    assert_eq!(server.inbox().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_another_tenant_satisfies_no_condition() {
    let house = House::open().await;
    house.project();
    let (request, _) = house.request().await;
    let globex = directory::add_tenant(&house.core.db, &house.core.by, "globex", "Globex AG").await.unwrap();
    add_member(&house.core, globex, "Gina Globex", "gina@globex.example", &["approver"]).await;
    let server = Maildev::start(&[]).await;
    connect(&house.core, globex, server.address()).await;
    let call = house.ask_approvers_of(globex, &request).await;

    let Ok(Started::Done(answer)) = house.provider().start(&call).await else { panic!("nothing is away") };
    assert_eq!(answer, json!({"sent": 0, "failed": 0, "skipped": true}));
    assert!(server.inbox().await.is_empty());
}
