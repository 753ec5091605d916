//! Tests of the master key: which key a host must have, and the rotation of the key.

use eaf_core::Core;
use eaf_core::actor::Locale;
use eaf_core::audit::platform;
use eaf_core::command_bus::CommandQuota;
use eaf_core::crypto::{MasterKey, MasterKeys};
use eaf_core::directory::{NewMember, add_tenant};
use eaf_core::id::{ActorId, TenantId};
use eaf_core::master_key::{self, Error};
use eaf_core::testing::{Database, ambient};
use std::sync::{Arc, Mutex};

const ISSUER: &str = "https://id.example";

fn key(byte: u8) -> MasterKey {
    MasterKey::new([byte; 32])
}

async fn host(database: &Database, keys: impl Into<MasterKeys>) -> Core {
    Core::start(database.db().await, ambient(), keys, CommandQuota::default())
}

fn both(current: u8, previous: u8) -> MasterKeys {
    MasterKeys { current: key(current), previous: Some(key(previous)) }
}

async fn hire(core: &Core, tenant: TenantId, name: &str) -> ActorId {
    let (issuer, subject, email) = (ISSUER.into(), name.into(), format!("{name}@acme.example"));
    let new = NewMember { issuer, subject, name: name.into(), email, locale: Locale::De, roles: Vec::new() };
    core.directory.put_member(&core.by, tenant, new).await.unwrap()
}

async fn name(core: &Core, tenant: TenantId, actor: ActorId) -> String {
    core.directory.member(tenant, actor).await.unwrap().unwrap().name
}

async fn acts(core: &Core) -> Vec<String> {
    let (items, _) = platform::page(&core.db, None, 100).await.unwrap();
    items.into_iter().rev().map(|item| item.act.act).collect()
}

#[tokio::test]
async fn a_host_with_another_master_key_is_rejected_at_start() {
    let database = Database::fresh().await;
    host(&database, key(1)).await.master_keys.check().await.unwrap();
    host(&database, key(1)).await.master_keys.check().await.unwrap();
    host(&database, both(2, 1)).await.master_keys.check().await.unwrap();
    let refused = host(&database, key(2)).await.master_keys.check().await.unwrap_err();
    assert!(matches!(refused, Error::WrongKey { .. }), "{refused:?}");
    assert!(refused.to_string().contains("EAF_MASTER_KEY"), "{refused}");
}

#[tokio::test]
async fn of_two_first_hosts_with_different_keys_one_starts() {
    let database = Database::fresh().await;
    let (one, other) = (host(&database, key(1)).await, host(&database, key(2)).await);
    let (one, other) = tokio::join!(one.master_keys.check(), other.master_keys.check());
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
}

#[tokio::test]
async fn after_a_rotation_only_the_new_master_key_opens_data_keys() {
    let database = Database::fresh().await;
    let before = host(&database, key(1)).await;
    before.master_keys.check().await.unwrap();
    let (acme, globex) = (
        add_tenant(&before.db, &before.by, "acme", "A").await.unwrap(),
        add_tenant(&before.db, &before.by, "globex", "G").await.unwrap(),
    );
    let (anna, gina) = (hire(&before, acme, "anna").await, hire(&before, globex, "gina").await);
    let erased = hire(&before, acme, "gone").await;
    before.directory.erase_member(&before.by, acme, erased).await.unwrap();
    before.directory.put_operator(&before.by, ISSUER, "olga", "Olga").await.unwrap();

    let core = host(&database, both(2, 1)).await;
    core.master_keys.check().await.unwrap();
    // Until the rotation all hosts wrap with the former key, so that hosts with that key alone
    // work.
    let ben = hire(&core, acme, "ben").await;
    assert_eq!(name(&before, acme, ben).await, "ben");

    let seen = Arc::new(Mutex::new(Vec::new()));
    let rotated = core
        .master_keys
        .rotate(&core.by, |progress| seen.lock().unwrap().push((progress.done, progress.total)))
        .await
        .unwrap();
    // There are data keys of two tenants and three people.
    assert_eq!((rotated.keys, rotated.operators), (5, 1));
    let seen = seen.lock().unwrap().clone();
    assert_eq!((seen.first(), seen.last()), (Some(&(0, 5)), Some(&(5, 5))));
    assert_eq!(core.master_keys.status().await.unwrap().remaining, 0);

    let after = host(&database, key(2)).await;
    after.master_keys.check().await.unwrap();
    assert_eq!((name(&after, acme, anna).await, name(&after, globex, gina).await), ("anna".into(), "gina".into()));
    assert_eq!(name(&after, acme, erased).await, "");
    let olga = after.directory.find_operator(ISSUER, "olga").await.unwrap().expect("she is one still");
    assert_eq!(after.directory.put_operator(&after.by, ISSUER, "olga", "Olga O.").await.unwrap(), olga.actor);
    let carl = hire(&after, acme, "carl").await;
    assert_eq!(name(&core, acme, carl).await, "carl");

    assert!(host(&database, key(1)).await.master_keys.check().await.is_err());
    let former = host(&database, key(1)).await;
    assert!(former.directory.member(acme, anna).await.is_err());
    let again = after.master_keys.rotate(&after.by, |_| ()).await.unwrap();
    assert_eq!((again.keys, again.operators), (0, 0));
    let expected = ["operator.add", "key.activate", "key.rotate", "operator.rename"];
    assert_eq!(acts(&after).await, expected);
}

#[tokio::test]
async fn an_interrupted_rotation_is_readable_and_continues() {
    let database = Database::fresh().await;
    let core = host(&database, key(1)).await;
    core.master_keys.check().await.unwrap();
    let mut people = Vec::new();
    for slug in ["acme", "globex", "initech"] {
        let tenant = add_tenant(&core.db, &core.by, slug, slug).await.unwrap();
        people.push((tenant, hire(&core, tenant, "anna").await));
    }
    let core = host(&database, both(2, 1)).await;
    core.master_keys.check().await.unwrap();
    let interrupted = core.clone();
    let ended = tokio::spawn(async move {
        interrupted
            .master_keys
            .rotate(&interrupted.by, |progress| assert!(progress.done == 0, "interrupted after the first tenant"))
            .await
    });
    assert!(ended.await.unwrap_err().is_panic());
    assert_eq!(core.master_keys.status().await.unwrap().remaining, 4);
    let other = host(&database, both(2, 1)).await;
    for (tenant, anna) in &people {
        assert_eq!(name(&other, *tenant, *anna).await, "anna");
    }

    // A host with the new key alone reports the keys that are still wrapped with the former.
    let alone = host(&database, key(2)).await;
    alone.master_keys.check().await.unwrap();
    let refused = alone.master_keys.rotate(&alone.by, |_| ()).await.unwrap_err();
    assert!(matches!(refused, Error::Unreadable { count: 4 }), "{refused:?}");
    assert_eq!(core.master_keys.rotate(&core.by, |_| ()).await.unwrap().keys, 4);
    assert_eq!(alone.master_keys.rotate(&alone.by, |_| ()).await.unwrap().keys, 0);
}

#[tokio::test]
async fn a_key_that_is_created_during_a_rotation_is_wrapped_with_the_new_key() {
    let database = Database::fresh().await;
    let core = host(&database, key(1)).await;
    core.master_keys.check().await.unwrap();
    let acme = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
    let anna = ActorId(core.ambient.uuid());
    let mut tx = core.db.tenant(acme).await.unwrap();
    let sealed = core.keyring.seal(&mut tx, anna, "x", b"clear").await.unwrap();

    let new = host(&database, both(2, 1)).await;
    new.master_keys.check().await.unwrap();
    let exchange = tokio::spawn(async move { new.master_keys.rotate(&new.by, |_| ()).await });
    while database.waiting_to_append().await == 0 {
        assert!(!exchange.is_finished(), "it did not wait for the key that is being made");
        tokio::task::yield_now().await;
    }
    tx.commit().await.unwrap();
    assert_eq!(exchange.await.unwrap().unwrap().keys, 1);
    let after = host(&database, key(2)).await;
    let mut tx = after.db.tenant(acme).await.unwrap();
    assert_eq!(after.keyring.open(&mut tx, anna, "x", &sealed).await.unwrap().unwrap(), b"clear");
}

#[tokio::test]
async fn a_wrapped_key_has_the_id_of_its_master_key() {
    let database = Database::fresh().await;
    let core = host(&database, key(1)).await;
    core.master_keys.check().await.unwrap();
    let acme = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
    hire(&core, acme, "anna").await;
    let master_key::Status { active, remaining, total, .. } = core.master_keys.status().await.unwrap();
    assert_eq!((active.to_string().len(), remaining, total), (16, 0, 2));
}

#[tokio::test]
async fn a_rotation_interrupted_before_the_operators_is_reported() {
    let database = Database::fresh().await;
    let core = host(&database, key(1)).await;
    core.master_keys.check().await.unwrap();
    let acme = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
    hire(&core, acme, "anna").await;
    let olga = core.directory.put_operator(&core.by, ISSUER, "olga", "Olga").await.unwrap();
    let core = host(&database, both(2, 1)).await;
    core.master_keys.check().await.unwrap();
    let interrupted = core.clone();
    let ended = tokio::spawn(async move {
        interrupted
            .master_keys
            .rotate(&interrupted.by, |progress| assert!(progress.done < progress.total, "interrupted after the keys"))
            .await
    });
    assert!(ended.await.unwrap_err().is_panic());
    let status = core.master_keys.status().await.unwrap();
    assert_eq!((status.remaining, status.operators, status.is_rotating), (0, 1, true));
    assert_eq!(core.master_keys.unreadable().await.unwrap(), None);

    // The former key was removed too early: it is reported, and operators and acts can still be
    // listed.
    let alone = host(&database, key(2)).await;
    alone.master_keys.check().await.unwrap();
    let left = alone.master_keys.unreadable().await.unwrap();
    assert_eq!(left, Some(master_key::Unreadable { keys: 0, operators: 1 }));
    let otto = alone.directory.put_operator(&alone.by, ISSUER, "otto", "Otto").await.unwrap();
    let listed = alone.directory.operators().await.unwrap();
    let listed: Vec<_> = listed.iter().map(|operator| (operator.actor, operator.name.as_str())).collect();
    assert_eq!(listed, [(olga, ""), (otto, "Otto")]);
    let refused = alone.master_keys.rotate(&alone.by, |_| ()).await.unwrap_err();
    assert!(matches!(refused, Error::Unreadable { count: 1 }), "{refused:?}");

    assert_eq!(core.master_keys.rotate(&core.by, |_| ()).await.unwrap().operators, 1);
    let status = alone.master_keys.status().await.unwrap();
    assert_eq!((status.remaining, status.operators, status.is_rotating), (0, 0, false));
    assert_eq!(alone.master_keys.unreadable().await.unwrap(), None);
    assert!(alone.directory.find_operator(ISSUER, "olga").await.unwrap().is_some());
}

#[tokio::test]
async fn a_host_without_the_active_master_key_is_not_ready() {
    let database = Database::fresh().await;
    let former = host(&database, key(1)).await;
    former.master_keys.check().await.unwrap();
    former.master_keys.ready().await.unwrap();
    let new = host(&database, both(2, 1)).await;
    new.master_keys.check().await.unwrap();
    new.master_keys.rotate(&new.by, |_| ()).await.unwrap();
    new.master_keys.ready().await.unwrap();
    let refused = former.master_keys.ready().await.unwrap_err();
    assert!(matches!(refused, Error::WrongKey { .. }), "{refused:?}");
}
