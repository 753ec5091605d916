//! Tests with connections and grants of a tenant that are stored in a real database.

use super::*;
use crate::core_connections::CoreConnections;
use crate::core_records::CoreRecords;
use eaf_capability::Capability;
use eaf_core::capability::granted::{Resolution, resolve};
use eaf_core::connection::NewConnection;
use eaf_core::grant::{self, Denial, Grant, Terms};
use eaf_core::id::ActorId;
use eaf_core::product::{self, Switch};
use eaf_core::{directory, testing};

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_reaches_only_the_vcenter_that_its_tenant_granted() {
    let bench = Bench::start(&[]).await;
    let database = testing::Database::fresh().await;
    let core = Arc::new(database.core().await);
    let acme = directory::add_tenant(&core.db, &core.by, "acme", "Acme GmbH").await.unwrap();
    let globex = directory::add_tenant(&core.db, &core.by, "globex", "Globex AG").await.unwrap();
    let (config, secret) = bench.settings.0.lock().unwrap().clone();
    let new = NewConnection {
        capability: CAPABILITY.into(),
        name: "berlin".into(),
        config,
        secret: Some(secret),
        non_routing_fields: &[],
    };
    let granted = Grant {
        plugin: "shop".into(),
        capability: CAPABILITY.into(),
        name: "vcenter".into(),
        scope: json!({ "templates": ["*"] }),
        connection: "berlin".into(),
    };
    let mut tx = core.db.tenant(acme).await.unwrap();
    core.connections.put(&mut tx, &new, ActorId::SYSTEM).await.unwrap();
    grant::put(&mut tx, &granted, &Terms::default(), &core.by).await.unwrap();
    tx.commit().await.unwrap();
    for (tenant, plugin) in [(acme, "shop"), (acme, "other"), (globex, "shop")] {
        let mut tx = core.db.tenant(tenant).await.unwrap();
        product::switch(&mut tx, plugin, Switch::Enable, "tests", &core.by).await.unwrap();
        tx.commit().await.unwrap();
    }

    let connections = Arc::new(CoreConnections { core: core.clone() });
    let records = Arc::new(CoreRecords { core: core.clone() });
    let sessions = Sessions::new(Timeouts::default(), eaf_capability::egress::testing::this_machine(), Arc::default());
    let provider = VSphere::new(connections, records, core.ambient.clone(), sessions);
    provider.check(acme, "berlin").await.outcome().unwrap();
    let of_grant = async |tenant, plugin| {
        resolve(&core.db, &core.connections, tenant, plugin, CAPABILITY, "vcenter").await.unwrap()
    };
    let Resolution::Granted(granted) = of_grant(acme, "shop").await else { panic!("granted above") };
    let read = Call { tenant: acme, granted: *granted, ..about("read-vm") };
    assert!(matches!(provider.start(&read).await.unwrap(), Started::Done(Value::Null)));

    for (tenant, plugin) in [(acme, "other"), (globex, "shop")] {
        let denied = of_grant(tenant, plugin).await;
        assert!(matches!(denied, Resolution::Denied(Denial::NotGranted)), "{tenant} {plugin}: {denied:?}");
    }
    assert_eq!(provider.check(globex, "berlin").await.outcome().unwrap_err().code, "connection-missing");
}
