//! Tests of the directory: tenants, members, operators, and the audit of changes to them.

use eaf_core::actor::{Locale, TraceId};
use eaf_core::audit::trail::{self, Bounds, Filter};
use eaf_core::audit::{self, Entry};
use eaf_core::directory::*;
use eaf_core::id::ActorId;
use eaf_core::testing::{Database, ambient};

fn new(subject: &str, roles: &[&str]) -> NewMember {
    NewMember {
        issuer: "https://id.example".into(),
        subject: subject.into(),
        name: format!("Name of {subject}"),
        email: format!("{subject}@example.org"),
        locale: Locale::De,
        roles: roles.iter().map(|role| (*role).into()).collect(),
    }
}

#[tokio::test]
async fn a_tenant_is_found_by_its_slug_and_adding_it_again_renames_it() {
    let core = Database::fresh().await;
    let core = (core.core().await, core);
    let (core, _database) = (&core.0, &core.1);
    let id = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
    assert_eq!(add_tenant(&core.db, &core.by, "acme", "ACME AG").await.unwrap(), id);
    assert_eq!(tenant_by_slug(&core.db, "acme").await.unwrap().unwrap().name, "ACME AG");
    assert_eq!(tenant_by_slug(&core.db, "globex").await.unwrap(), None);
    for slug in ["", "Acme", "a b", "ä", &"a".repeat(41)] {
        assert!(matches!(add_tenant(&core.db, &core.by, slug, "").await, Err(Error::Slug)), "{slug}");
    }
}

#[tokio::test]
async fn a_member_keeps_the_actor_id_and_exists_in_one_tenant_only() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let acme = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
    let globex = add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
    let anna = core.directory.put_member(&core.by, acme, new("anna", &["requester"])).await.unwrap();
    assert_eq!(core.directory.put_member(&core.by, acme, new("anna", &["approver"])).await.unwrap(), anna);
    let found = core.directory.find_member(acme, "https://id.example", "anna").await.unwrap().unwrap();
    assert_eq!((found.actor, found.name.as_str(), found.email.as_str()), (anna, "Name of anna", "anna@example.org"));
    assert_eq!((found.roles.as_slice(), found.locale), (["approver".to_owned()].as_slice(), Locale::De));
    assert!(core.directory.find_member(acme, "https://other.example", "anna").await.unwrap().is_none());
    assert!(core.directory.find_member(globex, "https://id.example", "anna").await.unwrap().is_none());
    assert!(core.directory.member(globex, anna).await.unwrap().is_none());
}

#[tokio::test]
async fn members_are_listed_by_role_without_erased_ones() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let acme = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
    let anna = core.directory.put_member(&core.by, acme, new("anna", &["approver"])).await.unwrap();
    let ben = core.directory.put_member(&core.by, acme, new("ben", &["approver", "admin"])).await.unwrap();
    core.directory.put_member(&core.by, acme, new("carl", &["requester"])).await.unwrap();
    let approvers = || async {
        let listed = core.directory.members_with_role(acme, "approver").await.unwrap();
        listed.into_iter().map(|member| member.actor).collect::<Vec<ActorId>>()
    };
    let mut both = [anna, ben];
    both.sort();
    assert_eq!(approvers().await, both);
    core.directory.erase_member(&core.by, acme, ben).await.unwrap();
    assert_eq!(approvers().await, [anna]);
    assert_eq!(core.directory.members(acme).await.unwrap().len(), 2);
    assert!(core.directory.find_member(acme, "https://id.example", "ben").await.unwrap().is_none());
    assert_eq!(core.directory.member(acme, ben).await.unwrap().unwrap().name, "");
    assert_ne!(
        core.directory.put_member(&core.by, acme, new("ben", &[])).await.unwrap(),
        ben,
        "an erased person came back"
    );
}

#[tokio::test]
async fn an_operator_is_found_by_identity_only() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let olga = core.directory.put_operator(&core.by, "https://id.example", "olga", "Olga").await.unwrap();
    assert_eq!(core.directory.put_operator(&core.by, "https://id.example", "olga", "Olga O.").await.unwrap(), olga);
    let found = core.directory.find_operator("https://id.example", "olga").await.unwrap().unwrap();
    assert_eq!((found.actor, found.name.as_str()), (olga, "Olga O."));
    assert!(core.directory.find_operator("https://other.example", "olga").await.unwrap().is_none());
}

#[tokio::test]
async fn audit_rows_are_paged_newest_first_and_rolled_back_with_the_act() {
    let database = Database::fresh().await;
    let core = database.core().await;
    let acme = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
    let entry = |object: &str| Entry {
        actor: ActorId(ambient().uuid()),
        act: "connection.put".into(),
        object: object.into(),
        outcome: "ok".into(),
        trace: TraceId("7".repeat(32)),
    };
    let mut tx = core.db.tenant(acme).await.unwrap();
    for object in ["a", "b", "c"] {
        audit::record(&mut tx, &entry(object)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut tx = core.db.tenant(acme).await.unwrap();
    audit::record(&mut tx, &entry("never")).await.unwrap();
    drop(tx);
    let mut tx = core.db.tenant(acme).await.unwrap();
    let bounds = Bounds { items: 2, examined: 100 };
    let first = trail::page(&mut tx, &Filter::default(), None, bounds).await.unwrap();
    let rest = trail::page(&mut tx, &Filter::default(), first.next.as_ref(), bounds).await.unwrap();
    let objects: Vec<_> = first.items.iter().chain(&rest.items).map(|item| item.object.as_str()).collect();
    assert_eq!(objects, ["c", "b", "a", "tenant/acme"]);
}
