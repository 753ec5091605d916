//! Settings of products: versions, conflicts, defaults and the audit.

use crate::toy::Toy;
use eaf_core::Core;
use eaf_core::actor::{ActorKind, TraceId};
use eaf_core::contract::{Domain, Recorded};
use eaf_core::directory::add_tenant;
use eaf_core::id::{ActorId, EventId, HostId, RunId, TenantId};
use eaf_core::setting::{self, Change, Error, Version};
use eaf_core::testing::Database;
use eaf_core::workflow::engine::{Executor, Kernel, Package, Packages, PostgresKernel};
use eaf_core::workflow::{LEASE, Run};
use serde_json::{Map, Value, json};
use std::sync::Arc;

fn map(value: Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

struct Setup {
    core: Core,
    acme: TenantId,
    globex: TenantId,
    schema: Value,
}

impl Setup {
    async fn new(database: &Database) -> Setup {
        let core = database.core().await;
        let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
        let globex = add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
        let schema = json!({ "properties": {
            "term": { "type": "integer", "default": 60 },
            "open": { "type": "boolean", "default": true },
        } });
        Setup { core, acme, globex, schema }
    }

    async fn put(&self, based_on: i32, values: Value) -> Result<i32, Error> {
        let mut tx = self.core.db.tenant(self.acme).await.unwrap();
        let change = Change { plugin: "toy", schema: &self.schema, based_on, values: &map(values) };
        let version = setting::put(&mut tx, change, &self.core.by).await?;
        tx.commit().await.unwrap();
        Ok(version)
    }

    async fn history(&self, before: Option<i32>) -> Vec<Version> {
        let mut tx = self.core.db.tenant(self.acme).await.unwrap();
        setting::history(&mut tx, "toy", before, 10).await.unwrap()
    }

    async fn effective(&self, tenant: TenantId, plugin: &str) -> Value {
        let mut tx = self.core.db.tenant(tenant).await.unwrap();
        setting::effective(&mut tx, plugin, Some(&self.schema)).await.unwrap().into()
    }
}

#[tokio::test]
async fn a_change_adds_a_version_and_one_on_an_older_version_is_refused() {
    let database = Database::fresh().await;
    let setup = Setup::new(&database).await;
    assert!(matches!(setup.put(1, json!({ "term": 12 })).await, Err(Error::Changed { current: 0 })));
    assert_eq!(setup.put(0, json!({ "term": 12 })).await.unwrap(), 1);
    assert_eq!(setup.put(1, json!({ "term": 24 })).await.unwrap(), 2);
    assert_eq!(setup.put(2, json!({ "term": 24 })).await.unwrap(), 2, "equal values add no version");
    assert!(matches!(setup.put(1, json!({ "term": 36 })).await, Err(Error::Changed { current: 2 })));
    let (one, other) = tokio::join!(setup.put(2, json!({ "term": 1 })), setup.put(2, json!({ "term": 2 })));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let numbers = |versions: Vec<Version>| versions.iter().map(|version| version.number).collect::<Vec<_>>();
    assert_eq!(numbers(setup.history(None).await), [3, 2, 1]);
    assert_eq!(numbers(setup.history(Some(2)).await), [1]);
}

#[tokio::test]
async fn settings_belong_to_one_product_of_one_tenant_and_have_defaults() {
    let database = Database::fresh().await;
    let setup = Setup::new(&database).await;
    setup.put(0, json!({ "term": 12 })).await.unwrap();
    assert_eq!(setup.effective(setup.acme, "toy").await, json!({ "term": 12, "open": true }));
    assert_eq!(setup.effective(setup.acme, "other").await, json!({ "term": 60, "open": true }));
    assert_eq!(setup.effective(setup.globex, "toy").await, json!({ "term": 60, "open": true }));
}

#[tokio::test]
async fn the_audit_records_the_changed_settings_with_old_and_new_values() {
    let database = Database::fresh().await;
    let setup = Setup::new(&database).await;
    setup.put(0, json!({ "term": 12, "open": true })).await.unwrap();
    setup.put(1, json!({})).await.unwrap();
    let mut superuser = database.superuser().await;
    let changes: Vec<Value> = sqlx::query_scalar("select change from eaf.audit where act = 'settings.put' order by at")
        .fetch_all(&mut superuser)
        .await
        .unwrap();
    let change = |old: i64, new: i64| json!({ "old": { "term": old }, "new": { "term": new } });
    assert_eq!(changes, [change(60, 12), change(12, 60)]);
}

/// Packages with only the toy plugin.
#[derive(Clone)]
struct OnlyToy(Arc<Toy>);

impl Package for OnlyToy {
    fn domain(&self) -> &dyn Domain {
        self.0.as_ref()
    }
    fn requests(&self, _: &str, _: &str, _: &str) -> bool {
        false
    }
    fn executor(&self) -> Option<&dyn Executor> {
        None
    }
}

impl Packages for OnlyToy {
    fn ids(&self) -> Vec<String> {
        vec!["toy".into()]
    }
    fn find(&self, plugin: &str) -> Option<Arc<dyn Package>> {
        (plugin == "toy").then(|| Arc::new(self.clone()) as Arc<dyn Package>)
    }
}

fn run(core: &Core, tenant: TenantId) -> Run {
    let event = Recorded {
        id: EventId(core.ambient.uuid()),
        stream: "thing/1".into(),
        version: 1,
        position: 1,
        kind: "ordered".into(),
        schema: 2,
        data: json!({}),
        at: 0,
        actor: ActorId::SYSTEM,
        actor_kind: ActorKind::System,
        trace_id: "t".into(),
        span_id: None,
    };
    Run {
        tenant,
        id: RunId(core.ambient.uuid()),
        plugin: "toy".into(),
        digest: "00".into(),
        workflow: "act".into(),
        event,
        key: "1".into(),
        subject: ActorId::SYSTEM,
        trace: TraceId("t".into()),
        attempts: 0,
    }
}

#[tokio::test]
async fn a_workflow_reads_the_settings_of_each_moment() {
    let database = Database::fresh().await;
    let setup = Setup::new(&database).await;
    let packages = Arc::new(OnlyToy(Arc::new(Toy::with_settings(setup.schema.clone()))));
    let host = HostId(setup.core.ambient.uuid());
    let kernel = PostgresKernel::new(Arc::new(setup.core.clone()), packages, host, LEASE);
    let run = run(&setup.core, setup.acme);
    let read = async || kernel.settings(&run).await.unwrap().unwrap();
    assert_eq!(read().await, json!({ "term": 60, "open": true }));
    setup.put(0, json!({ "term": 12 })).await.unwrap();
    assert_eq!(read().await, json!({ "term": 12, "open": true }));
    let other = Run { plugin: "other".into(), ..run.clone() };
    assert!(kernel.settings(&other).await.is_err(), "a package that is not loaded");
}
