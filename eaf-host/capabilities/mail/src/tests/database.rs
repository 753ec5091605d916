//! Test that the registration creates a mail provider which uses a real database, as in the host.

use super::*;
use eaf_capability::{ProviderDependencies, Registration};
use eaf_core::capability::granted::{Resolution, resolve};
use eaf_core::connection::NewConnection;
use eaf_core::directory::NewMember;
use eaf_core::grant::{Grant, Terms};
use eaf_core::product::{self, Switch};
use eaf_core::{Core, directory, grant, mail_log, testing};
use eaf_test_support::fault_proxy::{FaultProxy, Rule};
use eaf_test_support::maildev::Maildev;

fn provider(core: &Arc<Core>) -> Arc<dyn Provider> {
    let parts = ProviderDependencies {
        core: core.clone(),
        packages: Arc::new(Fixture),
        egress: eaf_capability::egress::testing::this_machine(),
        login_limiter: Arc::default(),
        public_url: PUBLIC_URL.into(),
    };
    let registration =
        inventory::iter::<Registration>.into_iter().find(|found| found.name == "mail").expect("mail is registered");
    (registration.make)(&parts)
}

async fn hire(core: &Core, tenant: TenantId, name: &str, email: &str, roles: &[&str]) -> ActorId {
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

async fn connect(core: &Core, tenant: TenantId, server: SocketAddr) {
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
        plugin: PLUGIN.into(),
        capability: "mail".into(),
        name: "mail".into(),
        scope: json!({}),
        connection: "main".into(),
    };
    grant::put(&mut tx, &granted, &Terms::default(), &core.by).await.unwrap();
    product::switch(&mut tx, PLUGIN, Switch::Enable, "tests", &core.by).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn members_get_mail_over_the_tenants_connection() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let database = testing::Database::fresh().await;
    let core = Arc::new(database.core().await);
    let acme = directory::add_tenant(&core.db, &core.by, "acme", "Acme GmbH").await.unwrap();
    let globex = directory::add_tenant(&core.db, &core.by, "globex", "Globex AG").await.unwrap();
    let jana = hire(&core, acme, "Jana Berger", "jana@acme.example", &["requester", "approver"]).await;
    let martin = hire(&core, acme, "Martin Vogel", "martin@acme.example", &["approver", "admin"]).await;
    let bert = hire(&core, acme, "Bert Binder", "bert@acme.example", &["approver"]).await;
    hire(&core, globex, "Gina Globex", "gina@globex.example", &["approver"]).await;
    connect(&core, acme, proxy.address()).await;
    proxy.rule(Rule::refuse_recipient("bert@acme.example"));
    let provider = provider(&core);
    let of_grant = async |tenant| resolve(&core.db, &core.connections, tenant, PLUGIN, "mail", "mail").await.unwrap();
    let Resolution::Granted(granted) = of_grant(acme).await else { panic!("granted above") };
    let mut call =
        call("approval-requested", json!({"people": {"permissions": ["approve"], "except": [jana]}}), facts());

    call.granted = *granted;
    for _ in 0..2 {
        let Started::Done(answer) = provider.start(&call).await.unwrap() else { panic!("mail leaves nothing pending") };
        assert_eq!(answer, json!({"sent": 1, "failed": 1}), "who holds two roles gets one mail");
    }
    let inbox = server.inbox().await;
    assert_eq!(inbox.len(), 1);
    assert_eq!(
        (inbox[0].to[0].address.as_str(), inbox[0].to[0].name.as_str()),
        ("martin@acme.example", "Martin Vogel")
    );
    assert!(inbox[0].html.contains("Acme GmbH"));

    let failed = mail_log::list(&core.db, acme, mail_log::MailFilter::Failed, 10).await.unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].mail.recipient, bert);
    assert_eq!(failed[0].status, mail_log::Status::Failed("recipient-refused (550 5.1.1)".into()));
    let all = mail_log::list(&core.db, acme, mail_log::MailFilter::All, 10).await.unwrap();
    let sent = all.iter().find(|logged| logged.mail.recipient == martin).unwrap();
    assert_eq!((&sent.status, sent.mail.message_id.as_str()), (&mail_log::Status::Sent, inbox[0].message_id()));
    assert!(mail_log::list(&core.db, globex, mail_log::MailFilter::All, 10).await.unwrap().is_empty());

    proxy.cut();
    call.event = EventId(Uuid::from_u128(9));
    let failure = provider.start(&call).await.expect_err("the server is away");
    provider.abandon(&call, &failure).await.unwrap();
    let mut failed = mail_log::list(&core.db, acme, mail_log::MailFilter::Failed, 10).await.unwrap();
    failed.retain(|logged| logged.mail.event == call.event);
    assert_eq!(failed.len(), 2, "both recipients are on record, also the one that was not come to");
    assert!(failed.iter().all(|logged| logged.status == mail_log::Status::Failed(failure.code.clone())), "{failed:?}");
    proxy.restore();

    assert_eq!(provider.check(acme, "main").await.outcome(), Ok(()));
    assert_eq!(provider.check(acme, "other").await.outcome().unwrap_err().code, "connection-missing");
    let denied = of_grant(globex).await;
    assert!(matches!(denied, Resolution::Inactive(_)), "globex does not have the product: {denied:?}");
}
