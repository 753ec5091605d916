//! Tests of products and grants of tenants: enabled, disabled, stopped, expired, revoked.

use crate::toy::{Toy, ordered, record};
use eaf_core::Core;
use eaf_core::audit::platform;
use eaf_core::consumers::prepare;
use eaf_core::directory::{add_tenant, tenant};
use eaf_core::grant::{self, Authorization, Denial, Grant, Terms};
use eaf_core::id::{HostId, TenantId};
use eaf_core::product::{self, Inactive, Switch};
use eaf_core::testing::Database;
use eaf_core::workflow;
use serde_json::json;
use time::Duration;

struct House {
    core: Core,
    acme: TenantId,
    globex: TenantId,
    database: Database,
}

async fn house() -> House {
    let database = Database::fresh().await;
    let core = database.core().await;
    let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
    let globex = add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
    House { core, acme, globex, database }
}

impl House {
    async fn switch(&self, to: Switch) {
        let mut tx = self.core.db.tenant(self.acme).await.unwrap();
        product::switch(&mut tx, "toy", to, "as ordered", &self.core.by).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn grant(&self, terms: Terms) {
        let mut tx = self.core.db.tenant(self.acme).await.unwrap();
        grant::put(&mut tx, &vcenter(), &terms, &self.core.by).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn authorization(&self, tenant: TenantId) -> Authorization {
        grant::authorize(&self.core.db, tenant, "toy", "vsphere", "vcenter").await.unwrap()
    }

    async fn products(&self, of: TenantId) -> Vec<String> {
        tenant(&self.core.db, of).await.unwrap().unwrap().products
    }

    async fn claimed(&self) -> usize {
        let host = HostId(self.core.ambient.uuid());
        workflow::claim(&self.core.db, &self.core.keyring, host, workflow::LEASE, &["toy".into()], 5)
            .await
            .unwrap()
            .len()
    }
}

fn vcenter() -> Grant {
    Grant {
        plugin: "toy".into(),
        capability: "vsphere".into(),
        name: "vcenter".into(),
        scope: json!({ "templates": ["*"] }),
        connection: "main".into(),
    }
}

#[tokio::test]
async fn a_product_is_available_while_it_is_enabled_and_not_stopped() {
    let house = house().await;
    assert!(house.products(house.acme).await.is_empty());
    house.switch(Switch::Enable).await;
    assert_eq!((house.products(house.acme).await, house.products(house.globex).await), (vec!["toy".into()], vec![]));
    for _ in 0..2 {
        product::stop(&house.core.db, "toy", "it misbehaves", &house.core.by).await.unwrap();
    }
    assert!(house.products(house.acme).await.is_empty());
    assert_eq!(product::stopped(&house.core.db).await.unwrap()[0].reason, "it misbehaves");
    product::resume(&house.core.db, "toy", "mended", &house.core.by).await.unwrap();
    assert_eq!(house.products(house.acme).await, ["toy"]);
    house.switch(Switch::Disable).await;
    assert!(house.products(house.acme).await.is_empty());

    let listed = product::list(&house.core.db, house.acme).await.unwrap();
    assert_eq!((listed[0].enabled, listed[0].reason.as_str()), (false, "as ordered"));
    let acts = platform::page(&house.core.db, None, 10).await.unwrap().0;
    let acts: Vec<&str> = acts.iter().map(|item| item.act.act.as_str()).collect();
    assert_eq!(acts, ["plugin.resume", "plugin.stop"], "stopping twice is one act");
    let mut conn = house.database.superuser().await;
    let query = "select act from eaf.audit where object = 'product/toy' order by at";
    let acts: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut conn).await.unwrap();
    assert_eq!(acts, ["product.enable", "product.disable"]);
}

#[tokio::test]
async fn a_call_needs_an_enabled_product_and_an_unexpired_grant() {
    let house = house().await;
    let (denied, inactive) = (Authorization::Denied, Authorization::Inactive);
    assert_eq!(house.authorization(house.acme).await, inactive(Inactive::NotEnabled));
    house.switch(Switch::Enable).await;
    assert_eq!(house.authorization(house.acme).await, denied(Denial::NotGranted));
    house.grant(Terms::default()).await;
    assert_eq!(house.authorization(house.acme).await, Authorization::Granted(vcenter()));
    assert_eq!(house.authorization(house.globex).await, inactive(Inactive::NotEnabled), "another tenant's grant");

    let at = |offset| Some(house.core.ambient.now() + offset);
    house.grant(Terms { reason: "a trial".into(), expires_at: at(Duration::HOUR) }).await;
    assert_eq!(house.authorization(house.acme).await, Authorization::Granted(vcenter()));
    house.grant(Terms { reason: "a trial".into(), expires_at: at(-Duration::HOUR) }).await;
    assert_eq!(house.authorization(house.acme).await, denied(Denial::Expired));
    let listed = grant::list(&house.core.db, house.acme).await.unwrap();
    assert_eq!((listed[0].expired, listed[0].terms.reason.as_str()), (true, "a trial"));
    house.grant(Terms::default()).await;
    product::stop(&house.core.db, "toy", "it misbehaves", &house.core.by).await.unwrap();
    assert_eq!(house.authorization(house.acme).await, inactive(Inactive::Stopped));
}

#[tokio::test]
async fn runs_of_a_disabled_or_stopped_product_pause_and_continue_later() {
    let house = house().await;
    prepare(&house.core.db, &Toy::new()).await.unwrap();
    house.switch(Switch::Enable).await;
    record(&house.core, house.acme, vec![ordered("order-1")]).await;
    house.core.consumers.run_trigger_batch(&Toy::new(), house.acme, "act").await.unwrap();
    house.switch(Switch::Disable).await;
    assert_eq!(house.claimed().await, 0);
    house.switch(Switch::Enable).await;
    product::stop(&house.core.db, "toy", "it misbehaves", &house.core.by).await.unwrap();
    assert_eq!(house.claimed().await, 0);
    product::resume(&house.core.db, "toy", "mended", &house.core.by).await.unwrap();
    assert_eq!(house.claimed().await, 1);
}
