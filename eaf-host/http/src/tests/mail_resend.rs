//! Resend of a mail: also with a slow server, after a disconnect, and after a stop of the host.

use super::{Echo, TestHost, runs};
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use eaf_capability::{Call, Capability, Failure, Polled, Provider, Report, Started};
use eaf_core::actor::TraceId;
use eaf_core::grant::{self, Grant, Terms};
use eaf_core::id::{EventId, TenantId};
use eaf_core::mail_log::{self, Mail, Status};
use eaf_core::workflow::{Entry, State};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use tower::ServiceExt;

const ID: &str = "<a@eaf>";

/// Provider whose resend of a mail completes only when the test releases it.
struct Slow {
    echo: Echo,
    entered: Semaphore,
    release: Semaphore,
    calls: Mutex<Vec<(i32, String)>>,
}

#[async_trait]
impl Capability for Slow {
    async fn start(&self, call: &Call) -> Result<Started, Failure> {
        self.echo.start(call).await
    }
    async fn poll(&self, call: &Call, handle: &Value) -> Result<Polled, Failure> {
        self.echo.poll(call, handle).await
    }
}

#[async_trait]
impl Provider for Slow {
    async fn check(&self, tenant: TenantId, connection: &str) -> Report {
        self.echo.check(tenant, connection).await
    }
    async fn repeat_item(&self, call: &Call, item: &str) -> Result<Value, Failure> {
        self.calls.lock().unwrap().push((call.sequence, call.function.clone()));
        self.entered.add_permits(1);
        self.release.acquire().await.expect("open").forget();
        mail_log::set_status(&self.echo.0.db, call.tenant, item, &Status::Sent, None).await.expect("written");
        Ok(json!({}))
    }
}

struct ResendTest {
    host: TestHost,
    slow: Arc<Slow>,
    router: Router,
}

impl ResendTest {
    /// Creates a host with a run that has ended and had two calls of one template; the mail of the
    /// second call, to the auditor, failed.
    async fn new() -> ResendTest {
        let host = TestHost::new().await;
        let tenant = TenantId::derive("acme");
        let lease = runs::begin(&host).await;
        let auditor = host.core.directory.members_with_role(tenant, "auditor").await.unwrap().remove(0).actor;
        let entry = |sequence: i32, to: String| Entry {
            sequence,
            capability: "mail".into(),
            grant: Some("mail".into()),
            function: "send".into(),
            args: json!({ "template": "written", "to": { "actor": to } }),
            idempotency_key: format!("key-{sequence}"),
            state: State::Done(Ok(json!({}))),
            progress: None,
        };
        let other = host.core.ambient.uuid().to_string();
        let journal = &host.core.journal;
        for entry in [entry(1, other), entry(2, auditor.to_string())] {
            journal.write(&lease, &entry).await.unwrap();
        }
        host.database.run("update eaf.run set state = 'done', ended_at = now(), due_at = null").await;
        let mail = Mail {
            message_id: ID.into(),
            plugin: "notes".into(),
            template: "written".into(),
            event: EventId(host.core.ambient.uuid()),
            run: lease.run,
            sequence: 0,
            recipient: auditor,
            trace: TraceId("0".repeat(32)),
        };
        grant_mail(&host, tenant).await;
        mail_log::record(&host.core.db, tenant, &mail, host.core.ambient.now()).await.unwrap();
        mail_log::set_status(&host.core.db, tenant, ID, &Status::Failed("busy".into()), None).await.unwrap();
        let slow = Arc::new(Slow {
            echo: Echo(host.core.clone()),
            entered: Semaphore::new(0),
            release: Semaphore::new(0),
            calls: Mutex::default(),
        });
        let mut app = host.app.clone();
        app.providers = Arc::new(BTreeMap::from([("mail".to_owned(), slow.clone() as Arc<dyn Provider>)]));
        ResendTest { router: crate::router(app), host, slow }
    }

    fn ask(&self) -> tokio::task::JoinHandle<(u16, Value)> {
        let request = self.host.request("POST", "admin@acme", "/api/host/mail-failures/send-again", &[]);
        let request = request.header("content-type", "application/json");
        let request = request.body(Body::from(json!({ "message_id": ID }).to_string())).unwrap();
        let router = self.router.clone();
        tokio::spawn(async move {
            let response = router.oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let body = to_bytes(response.into_body(), 100_000).await.unwrap();
            (status, serde_json::from_slice(&body).unwrap_or_default())
        })
    }

    async fn status(&self) -> Status {
        mail_log::find(&self.host.core.db, TenantId::derive("acme"), ID).await.unwrap().unwrap().status
    }

    async fn is_sent(&self) {
        for _ in 0..500 {
            if self.status().await == Status::Sent {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the mail is not sent: {:?}", self.status().await);
    }
}

async fn grant_mail(host: &TestHost, tenant: TenantId) {
    let grant = Grant {
        plugin: "notes".into(),
        capability: "mail".into(),
        name: "mail".into(),
        scope: json!({}),
        connection: "main".into(),
    };
    let mut tx = host.core.db.tenant(tenant).await.unwrap();
    grant::put(&mut tx, &grant, &Terms::default(), &host.core.by).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_mail_of_a_withdrawn_grant_is_not_sent_again() {
    let scene = ResendTest::new().await;
    let mut tx = scene.host.core.db.tenant(TenantId::derive("acme")).await.unwrap();
    assert!(grant::remove(&mut tx, "notes", "mail", "mail", &scene.host.core.by).await.unwrap());
    tx.commit().await.unwrap();
    let (status, answer) = scene.ask().await.unwrap();
    assert_eq!((status, &answer["state"], &answer["error"]), (200, &json!("failed"), &json!("not-granted")));
    assert!(scene.slow.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_resend_completes_with_a_slow_server_and_a_closed_page() {
    let scene = ResendTest::new().await;
    let (status, answer) = scene.ask().await.unwrap();
    assert_eq!((status, &answer["state"], &answer["error"]), (200, &json!("waiting"), &json!("mail-being-sent")));
    let (_, answer) = scene.ask().await.unwrap();
    assert_eq!(answer["state"], "waiting");
    assert_eq!(*scene.slow.calls.lock().unwrap(), [(2, "send".to_owned())], "once, and as its own call");
    scene.slow.release.add_permits(1);
    scene.is_sent().await;

    let scene = ResendTest::new().await;
    let request = scene.ask();
    scene.slow.entered.acquire().await.unwrap().forget();
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled(), "the client goes away");
    scene.slow.release.add_permits(1);
    scene.is_sent().await;
}

#[tokio::test]
async fn a_mail_abandoned_by_a_stopped_host_can_be_sent_again() {
    let scene = ResendTest::new().await;
    let left = "update eaf.mail_log set status = 'pending', updated_at = now() - interval '2 hours'";
    scene.host.database.run(left).await;
    scene.slow.release.add_permits(1);
    let (status, answer) = scene.ask().await.unwrap();
    assert_eq!((status, &answer["state"]), (200, &json!("sent")));
}

#[tokio::test]
async fn resends_share_the_rate_limit_of_connection_tests() {
    let scene = ResendTest::new().await;
    let mut last = 200;
    for _ in 0..25 {
        last = scene.ask().await.unwrap().0;
    }
    assert_eq!(last, 429, "a server that refuses is asked no more often than that");
}
