//! Tests of acts of administration: each act is recorded with its actor and the old and new value,
//! or the whole act is rolled back.

use eaf_core::Core;
use eaf_core::actor::{Attribution, Locale, TraceId};
use eaf_core::audit::trail::{self, Bounds, Filter, Item, Source};
use eaf_core::audit::{Act, platform};
use eaf_core::crypto::key_cache_grace;
use eaf_core::directory::{self, NewMember, add_tenant};
use eaf_core::event_store;
use eaf_core::grant::{self, Grant, Terms};
use eaf_core::id::{ActorId, TenantId};
use eaf_core::session::{Activity, Limits};
use eaf_core::testing::Database;
use serde_json::{Value, json};
use time::Duration;

const ISSUER: &str = "https://id.example";

fn new(roles: &[&str]) -> NewMember {
    NewMember {
        issuer: ISSUER.into(),
        subject: "anna".into(),
        name: "Canary Amsel".into(),
        email: "canary@acme.example".into(),
        locale: Locale::De,
        roles: roles.iter().map(|role| (*role).into()).collect(),
    }
}

fn alice(core: &Core) -> Core {
    let by =
        Attribution { actor: ActorId::SYSTEM, origin: Some("os:alice@web-1".into()), trace: TraceId("4".repeat(32)) };
    core.with_author(by)
}

async fn records(core: &Core, tenant: TenantId) -> Vec<Item> {
    let mut tx = core.db.tenant(tenant).await.unwrap();
    let filter = Filter { source: Some(Source::Host), ..Filter::default() };
    let page = trail::page(&mut tx, &filter, None, Bounds { items: 100, examined: 1_000 }).await.unwrap();
    page.items.into_iter().rev().collect()
}

fn change(old: Value, new: Value) -> Option<Value> {
    Some(json!({ "old": old, "new": new }))
}

#[tokio::test]
async fn a_member_chooses_a_language_which_is_recorded_once() {
    let database = Database::fresh().await;
    let core = alice(&database.core().await);
    let acme = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
    let anna = core.directory.put_member(&core.by, acme, new(&["requester"])).await.unwrap();
    let trace = TraceId("5".repeat(32));
    for _ in 0..2 {
        core.directory.set_locale(acme, anna, Locale::En, &trace).await.unwrap();
    }
    assert_eq!(core.directory.member(acme, anna).await.unwrap().unwrap().locale, Locale::En);
    let recorded = records(&core, acme).await;
    let changes: Vec<_> = recorded.iter().filter(|item| item.actor == anna).map(|item| item.change.clone()).collect();
    assert_eq!(changes, [change(json!({ "locale": "de" }), json!({ "locale": "en" }))], "once, by themselves");
}

#[tokio::test]
async fn an_act_on_a_tenant_is_in_its_audit_with_the_old_and_new_value() {
    let database = Database::fresh().await;
    let core = alice(&database.core().await);
    let acme = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
    add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
    add_tenant(&core.db, &core.by, "acme", "ACME Ltd").await.unwrap();
    let anna = core.directory.put_member(&core.by, acme, new(&["requester"])).await.unwrap();
    core.directory.put_member(&core.by, acme, new(&["requester"])).await.unwrap();
    core.directory.put_member(&core.by, acme, new(&["requester", "approver"])).await.unwrap();
    core.directory.remove_member(&core.by, acme, anna).await.unwrap();
    let grant = |folder: &str| Grant {
        plugin: "dcm".into(),
        capability: "vsphere".into(),
        name: "vcenter".into(),
        scope: json!({ "folder": folder }),
        connection: "main".into(),
    };
    let mut tx = core.db.tenant(acme).await.unwrap();
    for folder in ["a", "b", "b"] {
        grant::put(&mut tx, &grant(folder), &Terms::default(), &core.by).await.unwrap();
    }
    grant::remove(&mut tx, "dcm", "vsphere", "vcenter", &core.by).await.unwrap();
    tx.commit().await.unwrap();
    core.erasure.erase(&core.by, acme, anna, key_cache_grace()).await.unwrap();

    let items = records(&core, acme).await;
    let roles = |roles: &[&str]| json!({ "roles": roles, "locale": "de" });
    let granted =
        |folder: &str| json!({ "scope": { "folder": folder }, "connection": "main", "reason": "", "expires_at": null });
    let member = format!("member/{anna}");
    let expected = [
        ("tenant.add", "tenant/acme".to_owned(), change(json!(null), json!("ACME"))),
        ("tenant.rename", "tenant/acme".to_owned(), change(json!("ACME"), json!("ACME Ltd"))),
        ("member.add", member.clone(), change(json!(null), roles(&["requester"]))),
        ("member.change", member.clone(), change(roles(&["requester"]), roles(&["requester", "approver"]))),
        ("member.remove", member, change(json!({"roles": ["requester", "approver"]}), json!({"roles": []}))),
        ("grant.put", "dcm/vsphere/vcenter".to_owned(), change(json!(null), granted("a"))),
        ("grant.put", "dcm/vsphere/vcenter".to_owned(), change(granted("a"), granted("b"))),
        ("grant.remove", "dcm/vsphere/vcenter".to_owned(), change(granted("b"), json!(null))),
        ("person.erase", format!("person/{anna}"), change(json!({"roles": []}), json!({"roles": []}))),
    ];
    let found: Vec<_> =
        items.iter().map(|item| (item.act.as_str(), item.object.clone(), item.change.clone())).collect();
    assert_eq!(found, expected);
    for item in &items {
        assert_eq!((item.origin.as_deref(), item.trace.0.as_str()), (Some("os:alice@web-1"), &*"4".repeat(32)));
        assert!(!format!("{item:?}").to_lowercase().contains("canary"), "{item:?}");
    }
}

#[tokio::test]
async fn an_act_on_the_platform_is_in_the_platform_audit() {
    let database = Database::fresh().await;
    let core = alice(&database.core().await);
    let olga = core.directory.put_operator(&core.by, ISSUER, "olga", "Canary Olga").await.unwrap();
    let core = core.with_author(Attribution { actor: olga, origin: None, ..core.by.clone() });
    let otto = core.directory.put_operator(&core.by, ISSUER, "otto", "Canary Otto").await.unwrap();
    assert_eq!(core.directory.remove_operator(&core.by, ISSUER, "otto").await.unwrap(), Some(otto));
    assert_eq!(core.directory.remove_operator(&core.by, ISSUER, "otto").await.unwrap(), None);
    event_store::new_epoch(&core.db, &core.by).await.unwrap();
    let (items, next) = platform::page(&core.db, None, 3).await.unwrap();
    let (rest, last) = platform::page(&core.db, next, 3).await.unwrap();
    assert!(last.is_none());
    let items: Vec<_> = items.into_iter().chain(rest).rev().collect();
    let found: Vec<_> = items.iter().map(|item| (item.act.act.as_str(), item.act.object.clone(), item.actor)).collect();
    let expected = [
        ("operator.add", format!("operator/{olga}"), ActorId::SYSTEM),
        ("operator.add", format!("operator/{otto}"), olga),
        ("operator.remove", format!("operator/{otto}"), olga),
        ("log.new-epoch", "log".to_owned(), olga),
    ];
    assert_eq!(found, expected);
    assert_eq!(items[0].origin.as_deref(), Some("os:alice@web-1"));
    assert!(!format!("{items:?}").contains("Canary"));
}

#[tokio::test]
async fn a_changed_or_deleted_platform_act_is_a_finding() {
    let database = Database::fresh().await;
    let core = database.core().await;
    for name in ["olga", "otto", "ole"] {
        core.directory.put_operator(&core.by, ISSUER, name, name).await.unwrap();
    }
    let (head, findings) = platform::verify(&core.db).await.unwrap();
    assert_eq!((head.len(), findings), (64, Vec::new()));
    for (change, found) in [
        ("update eaf.platform_audit set origin = 'os:nobody@x' where nr = 2", "changed: act 2"),
        ("update eaf.platform_audit set at = at + interval '1 s' where nr = 1", "changed: act 1"),
        ("delete from eaf.platform_audit where nr = 1", "gap: act 1"),
    ] {
        database.run("create table kept as select * from eaf.platform_audit").await;
        database.run(change).await;
        let (_, findings) = platform::verify(&core.db).await.unwrap();
        assert!(findings[0].starts_with(found), "{findings:?}");
        database.run("truncate eaf.platform_audit; insert into eaf.platform_audit select * from kept").await;
        database.run("drop table kept").await;
    }
    assert!(platform::verify(&core.db).await.unwrap().1.is_empty());
}

#[tokio::test]
async fn a_removed_operator_is_signed_out_and_keeps_the_name_in_the_audit() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let limits = Limits { idle: Duration::hours(1), absolute: Duration::hours(10) };
    let olga = core.directory.put_operator(&core.by, ISSUER, "olga", "Olga").await.unwrap();
    let cookie = core.sessions.create(None, olga, limits).await.unwrap();
    core.directory.remove_operator(&core.by, ISSUER, "olga").await.unwrap();

    assert!(core.sessions.find(&cookie, limits, Activity::Person).await.unwrap().is_none());
    assert!(core.directory.find_operator(ISSUER, "olga").await.unwrap().is_none());
    assert!(core.directory.operator(olga).await.unwrap().is_none());
    let known = core.directory.operators_among(&[olga]).await.unwrap();
    assert_eq!((known[0].name.as_str(), known[0].removed.is_some()), ("Olga", true));
    // An operator who is added again is another actor, so that old sessions remain ended.
    assert_ne!(core.directory.put_operator(&core.by, ISSUER, "olga", "Olga").await.unwrap(), olga);
}

#[tokio::test]
async fn an_act_that_cannot_be_recorded_is_rolled_back() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let acme = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
    let anna = core.directory.put_member(&core.by, acme, new(&["requester"])).await.unwrap();
    core.directory.put_operator(&core.by, ISSUER, "olga", "Olga").await.unwrap();
    database.run("revoke insert on eaf.audit from eaf_app").await;
    database.run("revoke insert on eaf.platform_audit from eaf_platform").await;

    assert!(add_tenant(&core.db, &core.by, "globex", "Globex").await.is_err());
    assert!(directory::tenant_by_slug(&core.db, "globex").await.unwrap().is_none());
    assert!(core.directory.put_member(&core.by, acme, new(&["approver"])).await.is_err());
    assert!(core.directory.remove_member(&core.by, acme, anna).await.is_err());
    assert!(core.erasure.erase(&core.by, acme, anna, key_cache_grace()).await.is_err());
    let member = core.directory.member(acme, anna).await.unwrap().unwrap();
    assert_eq!((member.roles, member.name.as_str()), (vec!["requester".to_owned()], "Canary Amsel"));
    assert!(core.directory.put_operator(&core.by, ISSUER, "otto", "Otto").await.is_err());
    assert!(core.directory.find_operator(ISSUER, "otto").await.unwrap().is_none());
    assert!(core.directory.remove_operator(&core.by, ISSUER, "olga").await.is_err());
    assert!(core.directory.find_operator(ISSUER, "olga").await.unwrap().is_some());
    let epoch = event_store::epoch(&core.db).await.unwrap();
    assert!(event_store::new_epoch(&core.db, &core.by).await.is_err());
    assert_eq!(event_store::epoch(&core.db).await.unwrap(), epoch);
}

#[tokio::test]
async fn a_changed_name_or_address_is_recorded_without_its_value() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let acme = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
    core.directory.put_member(&core.by, acme, new(&["requester"])).await.unwrap();
    core.directory
        .put_member(&core.by, acme, NewMember { name: "Canary Berg".into(), ..new(&["requester"]) })
        .await
        .unwrap();
    let moved = NewMember { email: "canary@other.example".into(), name: "Canary Berg".into(), ..new(&["requester"]) };
    core.directory.put_member(&core.by, acme, moved.clone()).await.unwrap();
    core.directory.put_member(&core.by, acme, moved).await.unwrap();
    let items = records(&core, acme).await;
    let changes: Vec<_> =
        items.iter().filter(|item| item.act == "member.change").map(|item| item.change.clone().unwrap()).collect();
    let old = json!({ "roles": ["requester"], "locale": "de" });
    let with = |member: &str| {
        let mut now = old.clone();
        now[member] = "changed".into();
        json!({ "old": old, "new": now })
    };
    assert_eq!(changes, [with("name"), with("email")]);
    assert!(!format!("{items:?}").contains("anary"), "{items:?}");
}

#[tokio::test]
async fn concurrent_additions_of_a_member_record_one_addition() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let acme = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
    let (one, two, three) = tokio::join!(
        core.directory.put_member(&core.by, acme, new(&["requester"])),
        core.directory.put_member(&core.by, acme, new(&["approver"])),
        core.directory.put_member(&core.by, acme, new(&["auditor"]))
    );
    assert_eq!((one.as_ref().unwrap(), one.as_ref().unwrap()), (two.as_ref().unwrap(), three.as_ref().unwrap()));
    let acts: Vec<_> = records(&core, acme).await.into_iter().map(|item| item.act).collect();
    assert_eq!(acts, ["tenant.add", "member.add", "member.change", "member.change"]);
}

#[tokio::test]
async fn concurrent_additions_of_a_tenant_record_one_addition() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let add = |slug: &'static str| add_tenant(&core.db, &core.by, slug, "ACME");
    for slug in ["acme", "globex", "initech", "umbrella", "hooli"] {
        let (one, two, three) = tokio::join!(add(slug), add(slug), add(slug));
        assert_eq!((two.unwrap(), three.unwrap()), (one.as_ref().copied().unwrap(), one.as_ref().copied().unwrap()));
        let acts: Vec<_> = records(&core, one.unwrap()).await.into_iter().map(|item| item.act).collect();
        assert_eq!(acts, ["tenant.add"]);
    }
}

#[tokio::test]
async fn equal_denials_of_an_operator_are_one_act_with_a_count() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let olga = core.directory.put_operator(&core.by, ISSUER, "olga", "Olga").await.unwrap();
    let by = Attribution { actor: olga, origin: None, trace: TraceId("4".repeat(32)) };
    for route in ["/api/a", "/api/a", "/api/b", "/api/a"] {
        platform::record_denied(&core.db, core.ambient.now(), &by, &Act::denied("http.get", route)).await.unwrap();
    }
    let (items, _) = platform::page(&core.db, None, 10).await.unwrap();
    let found: Vec<_> = items.iter().rev().map(|item| (item.act.object.as_str(), item.count)).collect();
    let olga = format!("operator/{olga}");
    // There are more rows if the hour ended during the test.
    assert!(found.len() > 3 || found == [(olga.as_str(), 1), ("/api/a", 3), ("/api/b", 1)], "{found:?}");
    assert_eq!(platform::verify(&core.db).await.unwrap().1, Vec::<String>::new());
}
