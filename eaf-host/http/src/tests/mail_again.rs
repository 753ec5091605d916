//! A mail that is sent again: also when the server takes minutes, the page is closed or the host was stopped.

use super::{Echo, House, runs};
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use eaf_capability::{Call, Capability, Failure, Polled, Provider, Report, Started};
use eaf_core::actor::TraceId;
use eaf_core::id::{EventId, TenantId};
use eaf_core::mail_log::{self, Mail, Status};
use eaf_core::workflow::{Entry, Journal, State};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use tower::ServiceExt;

const ID: &str = "<a@eaf>";

/// A mail server that answers when the test lets it.
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

struct Scene {
    house: House,
    slow: Arc<Slow>,
    router: Router,
}

impl Scene {
    /// A run that has ended, with two calls of one template; the second was to the auditor, whose mail failed.
    async fn new() -> Scene {
        let house = House::new().await;
        let tenant = TenantId::derive("acme");
        let lease = runs::begun(&house).await;
        let auditor = house.core.directory.members_with_role(tenant, "auditor").await.unwrap().remove(0).actor;
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
        let other = house.core.ambient.uuid().to_string();
        let journal = Journal::new(&house.core.db, &house.core.keyring);
        for entry in [entry(1, other), entry(2, auditor.to_string())] {
            journal.write(&lease, &entry, Duration::ZERO).await.unwrap();
        }
        house.database.run("update eaf.run set state = 'done', ended_at = now(), due_at = null").await;
        let mail = Mail {
            message_id: ID.into(),
            plugin: "notes".into(),
            template: "written".into(),
            event: EventId(house.core.ambient.uuid()),
            run: lease.run,
            sequence: 0,
            recipient: auditor,
            trace: TraceId("0".repeat(32)),
        };
        mail_log::record(&house.core.db, tenant, &mail).await.unwrap();
        mail_log::set_status(&house.core.db, tenant, ID, &Status::Failed("busy".into()), None).await.unwrap();
        let slow = Arc::new(Slow {
            echo: Echo(house.core.clone()),
            entered: Semaphore::new(0),
            release: Semaphore::new(0),
            calls: Mutex::default(),
        });
        let mut app = house.app.clone();
        app.providers = Arc::new(BTreeMap::from([("mail".to_owned(), slow.clone() as Arc<dyn Provider>)]));
        Scene { router: crate::router(app), house, slow }
    }

    fn ask(&self) -> tokio::task::JoinHandle<(u16, Value)> {
        let request = self.house.request("POST", "admin@acme", "/api/host/mail-failures/send-again", &[]);
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
        mail_log::find(&self.house.core.db, TenantId::derive("acme"), ID).await.unwrap().unwrap().status
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

#[tokio::test]
async fn a_mail_that_is_sent_again_goes_out_when_the_server_takes_minutes_or_the_page_is_closed() {
    let scene = Scene::new().await;
    let (status, answer) = scene.ask().await.unwrap();
    assert_eq!((status, &answer["state"], &answer["error"]), (200, &json!("waiting"), &json!("mail-being-sent")));
    let (_, answer) = scene.ask().await.unwrap();
    assert_eq!(answer["state"], "waiting");
    assert_eq!(*scene.slow.calls.lock().unwrap(), [(2, "send".to_owned())], "once, and as its own call");
    scene.slow.release.add_permits(1);
    scene.is_sent().await;

    let scene = Scene::new().await;
    let request = scene.ask();
    scene.slow.entered.acquire().await.unwrap().forget();
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled(), "the client goes away");
    scene.slow.release.add_permits(1);
    scene.is_sent().await;
}

#[tokio::test]
async fn a_mail_that_a_host_left_waiting_when_it_stopped_can_be_sent_again() {
    let scene = Scene::new().await;
    let left = "update eaf.mail_log set status = 'pending', updated_at = now() - interval '2 hours'";
    scene.house.database.run(left).await;
    scene.slow.release.add_permits(1);
    let (status, answer) = scene.ask().await.unwrap();
    assert_eq!((status, &answer["state"]), (200, &json!("sent")));
}

#[tokio::test]
async fn mails_are_sent_again_no_more_often_than_connections_are_tested() {
    let scene = Scene::new().await;
    let mut last = 200;
    for _ in 0..25 {
        last = scene.ask().await.unwrap().0;
    }
    assert_eq!(last, 429, "a server that refuses is asked no more often than that");
}
