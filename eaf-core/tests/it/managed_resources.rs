//! Tests of the managed resources of capabilities.

use eaf_core::Core;
use eaf_core::directory::add_tenant;
use eaf_core::id::TenantId;
use eaf_core::managed_resource::{self, Key};
use eaf_core::testing::Database;
use serde_json::json;

fn key(tenant: TenantId, plugin: &str, identity: &str) -> Key {
    Key { tenant, plugin: plugin.into(), capability: "vsphere".into(), identity: identity.into() }
}

#[tokio::test]
async fn a_managed_resource_belongs_to_one_plugin_of_one_tenant() {
    let database = Database::fresh().await;
    let core: Core = database.core().await;
    let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    let globex = add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
    let ours = key(acme, "dcm", "vm-1");
    assert_eq!(managed_resource::get(&core.db, &ours).await.unwrap(), None);
    for data in [json!({ "state": "creating" }), json!({ "state": "present", "object": "vm-7" })] {
        managed_resource::put(&core.db, &ours, &data).await.unwrap();
        assert_eq!(managed_resource::get(&core.db, &ours).await.unwrap(), Some(data));
    }
    for other in [key(globex, "dcm", "vm-1"), key(acme, "other", "vm-1"), key(acme, "dcm", "vm-2")] {
        assert_eq!(managed_resource::get(&core.db, &other).await.unwrap(), None, "{other:?}");
    }
}

#[tokio::test]
async fn a_concurrently_changed_resource_is_not_replaced() {
    let database = Database::fresh().await;
    let core: Core = database.core().await;
    let ours = key(add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap(), "dcm", "vm-1");
    let (before, now, other) = (json!({ "name": "old" }), json!({ "name": "new" }), json!({ "stage": "removing" }));
    let replace = async || managed_resource::replace(&core.db, &ours, &before, &now).await.unwrap();
    assert!(!replace().await, "nothing is remembered");
    managed_resource::put(&core.db, &ours, &other).await.unwrap();
    assert!(!replace().await);
    assert_eq!(managed_resource::get(&core.db, &ours).await.unwrap(), Some(other));
    managed_resource::put(&core.db, &ours, &before).await.unwrap();
    assert!(replace().await);
    assert_eq!(managed_resource::get(&core.db, &ours).await.unwrap(), Some(now));
}
