//! Tests of personal data, which is sealed wherever it is stored, clear to the plugin, and
//! unreadable without its key.

use crate::command_bus::House;
use eaf_core::audit::{self, Entry};
use eaf_core::command_bus::{CommandQuota, Error};
use eaf_core::crypto;
use eaf_core::directory::NewMember;
use eaf_core::event_store::read_after;
use eaf_core::id::{ActorId, CommandId};
use eaf_core::testing::{Database, ambient};
use serde_json::{Value, json};

/// All rows of all tables as text. A bytea value is included as hex and, if it is valid UTF-8, also
/// as text.
async fn dump(database: &Database) -> String {
    let mut root = database.superuser().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.oid::regclass::text from pg_class c where c.relnamespace = 'eaf'::regnamespace and c.relkind = 'r'",
    )
    .fetch_all(&mut root)
    .await
    .unwrap();
    let mut text = String::new();
    for table in tables {
        sqlx::raw_sql("set bytea_output = 'escape'").execute(&mut root).await.unwrap();
        let query = format!("select coalesce(string_agg(t::text, ' '), '') from {table} t");
        text += &sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(query)).fetch_one(&mut root).await.unwrap();
    }
    text
}

async fn opened(house: &House) -> Vec<Value> {
    let mut tx = house.core.db.tenant(house.anna.tenant).await.unwrap();
    let mut data = Vec::new();
    for event in read_after(&mut tx, 0, 10).await.unwrap() {
        data.push(event.open(&house.core.keyring, &mut tx).await.unwrap().data);
    }
    data
}

async fn member(house: &House) -> ActorId {
    let new = NewMember {
        issuer: "i".into(),
        subject: "ben".into(),
        name: "Ben Bussard".into(),
        email: "ben@acme.example".into(),
        locale: eaf_core::actor::Locale::De,
        roles: Vec::new(),
    };
    house.core.directory.put_member(&house.core.by, house.anna.tenant, new).await.unwrap()
}

/// Answer in a command's ledger row, opened with the actor's key.
async fn recorded(house: &House, actor: ActorId, key: &str) -> String {
    let mut tx = house.core.db.tenant(house.anna.tenant).await.unwrap();
    let command = CommandId::derive(house.anna.tenant, actor, key);
    let sealed: Vec<u8> = sqlx::query_scalar("select answer from eaf.ledger where key = $1")
        .bind(command.to_string())
        .fetch_one(&mut house.database.superuser().await)
        .await
        .unwrap();
    let opened = house.core.keyring.open(&mut tx, actor, &format!("ledger/{command}"), &sealed).await.unwrap();
    String::from_utf8(opened.unwrap()).unwrap()
}

async fn keys(house: &House) -> i64 {
    let count = sqlx::query_scalar("select count(*) from eaf.subject_key");
    count.fetch_one(&mut house.database.superuser().await).await.unwrap()
}

#[tokio::test]
async fn a_personal_field_whose_subject_is_no_member_is_rejected() {
    let house = House::open().await;
    house.give("sign", "first", json!({"note": "hi"})).await.unwrap();
    let keys_before = keys(&house).await;
    let nobodies =
        [json!("anna@example.org"), json!(7), json!(null), json!(ActorId(ambient().uuid())), json!(uuid::Uuid::nil())];
    for (n, nobody) in nobodies.into_iter().enumerate() {
        let refused = house.give("sign", &format!("a{n}"), json!({"about": "x", "whom": nobody})).await;
        assert!(matches!(&refused, Err(Error::NoMember { pointer }) if pointer == "/whom"), "{nobody}: {refused:?}");
        let copied = house.give("copied", &format!("b{n}"), json!({"of": {"whom": nobody}})).await;
        match &copied {
            Err(Error::NoMember { pointer }) if nobody.is_string() => assert_eq!(pointer, "/of/whom"),
            // A subject that is not a text is an error of the package.
            Err(Error::Personal(_)) if !nobody.is_string() => {}
            _ => panic!("{nobody}: {copied:?}"),
        }
    }
    assert_eq!(keys(&house).await, keys_before, "a stranger's id made a key");
    let ben = member(&house).await;
    house.give("sign", "c", json!({"about": "x", "whom": ben})).await.unwrap();
    house.give("copied", "d", json!({"of": {"whom": ben}})).await.unwrap();
}

#[tokio::test]
async fn text_about_several_people_is_sealed_for_all_of_them() {
    let house = House::open().await;
    house.give("sign", "k", json!({"note": "Canary-Anna"})).await.unwrap();
    assert!(recorded(&house, house.anna.actor, "k").await.contains("Canary-Anna"), "nobody else is concerned");
    let ben = eaf_core::testing::person(house.anna.tenant, &[]);
    let about_anna = eaf_core::command_bus::Request {
        name: "sign".into(),
        body: json!({"note": "Canary-About-Anna"}),
        idempotency_key: "b".into(),
        dry_run: false,
        precondition: None,
    };
    house.core.bus.execute(&house.book, &ben, about_anna).await.unwrap();
    let record = recorded(&house, ben.actor, "b").await;
    assert!(!record.contains("Canary"), "{record}");
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["command"]["body"]["note"]["$sealed-for-all"]["people"], json!([house.anna.actor]));
}

#[tokio::test]
async fn a_refusal_stores_its_answer_within_a_size_and_no_body() {
    let house = House::open().await;
    let body = json!({"size": 1_000, "note": "Canary-Note", "other": "Canary-Other"});
    let first = house.give("loud", "k", body.clone()).await.unwrap();
    let record = recorded(&house, house.anna.actor, "k").await;
    assert!(record.contains("loud") && !record.contains("Canary"), "{record}");
    assert_eq!(house.give("loud", "k", body).await.unwrap(), first);
    assert!(matches!(house.give("loud", "k", json!({"size": 1_000})).await, Err(Error::KeyReused)));
    let huge = house.give("loud", "huge", json!({"size": 3_000_000})).await;
    assert!(matches!(huge, Err(Error::TooLarge { what: "a refusal", .. })), "{huge:?}");
}

#[tokio::test]
async fn personal_fields_are_nowhere_stored_in_clear() {
    let house = House::open().await;
    let body = json!({"note": "Canary-Note", "about": "Canary-About", "whom": member(&house).await});
    // A client may use a name as its idempotency key.
    house.give("sign", "Canary-Key", body).await.unwrap();
    let mut tx = house.core.db.tenant(house.anna.tenant).await.unwrap();
    let (actor, trace) = (house.anna.actor, house.anna.trace.clone());
    let entry = Entry { actor, act: "test.act".into(), object: "book".into(), outcome: "ok".into(), trace };
    audit::record(&mut tx, &entry).await.unwrap();
    tx.commit().await.unwrap();

    let dump = dump(&house.database).await;
    assert!(dump.contains("guestbook/book/main") && dump.contains("test.act"), "the dump does not see what it should");
    for canary in ["Anna Amsel", "Canary"] {
        assert!(!dump.contains(canary), "{canary} is stored in clear");
    }
    let clear = opened(&house).await;
    assert_eq!((&clear[0]["name"], &clear[0]["note"]), (&json!("Anna Amsel"), &json!("Canary-Note")));
}

#[tokio::test]
async fn a_command_field_about_another_person_is_sealed_under_their_key() {
    let house = House::open().await;
    let body = json!({"note": "Canary-Note", "about": "Canary-About", "whom": member(&house).await});
    house.give("sign", "k", body).await.unwrap();
    let record = recorded(&house, house.anna.actor, "k").await;
    assert!(record.contains("Canary-Note"), "{record}");
    assert!(!record.contains("Canary-About"), "{record}");
}

#[tokio::test]
async fn fields_of_an_erased_person_are_empty_and_the_person_cannot_act() {
    let house = House::open().await;
    house.give("sign", "k", json!({"note": "hi"})).await.unwrap();
    let ben = eaf_core::testing::person(house.anna.tenant, &[]);
    let theirs = eaf_core::command_bus::Request {
        name: "sign".into(),
        body: json!({}),
        idempotency_key: "b".into(),
        dry_run: false,
        precondition: None,
    };
    house.core.bus.execute(&house.book, &ben, theirs).await.unwrap();
    house.core.directory.erase_member(&house.core.by, house.anna.tenant, house.anna.actor).await.unwrap();
    let data = opened(&house).await;
    assert_eq!((&data[0]["name"], &data[0]["note"], &data[0]["page"]), (&json!(""), &json!(""), &json!(1)));
    assert_eq!(data[1]["name"], json!("Anna Amsel"), "somebody else's key was destroyed");
    assert!(matches!(house.give("sign", "k", json!({"note": "hi"})).await, Err(Error::Erased)));
    let acting = house.give("sign", "k2", json!({})).await;
    assert!(matches!(acting, Err(Error::PersonErased)), "{acting:?}");
}

#[tokio::test]
async fn a_sealed_value_opens_only_with_its_own_aad() {
    let house = House::open().await;
    let (keyring, tenant) = (&house.core.keyring, house.anna.tenant);
    let mut tx = house.core.db.tenant(tenant).await.unwrap();
    let (anna, ben) = (house.anna.actor, ActorId(ambient().uuid()));
    let sealed = keyring.seal(&mut tx, anna, "here", b"secret").await.unwrap();
    keyring.seal(&mut tx, ben, "here", b"").await.unwrap();
    assert_eq!(keyring.open(&mut tx, anna, "here", &sealed).await.unwrap().unwrap(), b"secret");
    assert!(matches!(keyring.open(&mut tx, anna, "there", &sealed).await, Err(crypto::Error::Tampered)));
    assert!(matches!(keyring.open(&mut tx, ben, "here", &sealed).await, Err(crypto::Error::Tampered)));
    let mut altered = sealed.clone();
    *altered.last_mut().unwrap() ^= 1;
    assert!(matches!(keyring.open(&mut tx, anna, "here", &altered).await, Err(crypto::Error::Tampered)));
    assert!(matches!(keyring.open(&mut tx, anna, "here", &sealed[..5]).await, Err(crypto::Error::Malformed)));
}

#[tokio::test]
async fn a_data_key_of_a_failed_transaction_is_not_cached() {
    let house = House::open().await;
    let (keyring, tenant, carl) = (&house.core.keyring, house.anna.tenant, ActorId(ambient().uuid()));
    let mut tx = house.core.db.tenant(tenant).await.unwrap();
    let lost = keyring.seal(&mut tx, carl, "x", b"lost").await.unwrap();
    // Opening the value in the uncommitted transaction must not cache the key.
    keyring.open(&mut tx, carl, "x", &lost).await.unwrap();
    drop(tx);
    let mut tx = house.core.db.tenant(tenant).await.unwrap();
    let kept = keyring.seal(&mut tx, carl, "x", b"kept").await.unwrap();
    tx.commit().await.unwrap();
    // A host with an empty cache reads the stored key.
    let other = house.database.core().await;
    let mut tx = other.db.tenant(tenant).await.unwrap();
    assert_eq!(other.keyring.open(&mut tx, carl, "x", &kept).await.unwrap().unwrap(), b"kept");
}

#[tokio::test]
async fn another_master_key_opens_nothing_and_is_an_error() {
    let house = House::open().await;
    let member = NewMember {
        issuer: "i".into(),
        subject: "s".into(),
        name: "n".into(),
        email: "e".into(),
        locale: eaf_core::actor::Locale::De,
        roles: Vec::new(),
    };
    let actor = house.core.directory.put_member(&house.core.by, house.anna.tenant, member).await.unwrap();
    let other = eaf_core::Core::start(
        house.database.db().await,
        ambient(),
        crypto::MasterKey::new([8; 32]),
        CommandQuota::default(),
    );
    let refused = other.directory.member(house.anna.tenant, actor).await.unwrap_err();
    assert!(matches!(refused, eaf_core::directory::Error::Crypto(crypto::Error::WrongMasterKey)), "{refused:?}");
}

#[tokio::test]
async fn a_person_with_a_key_who_is_no_member_is_no_valid_subject() {
    let house = House::open().await;
    let guest = ActorId(ambient().uuid());
    let mut tx = house.core.db.tenant(house.anna.tenant).await.unwrap();
    for actor in [guest, ActorId::SYSTEM] {
        house.core.keyring.seal(&mut tx, actor, "x", b"made").await.unwrap();
    }
    tx.commit().await.unwrap();
    for nobody in [guest, ActorId::SYSTEM] {
        let refused = house.give("copied", &nobody.to_string(), json!({"of": {"whom": nobody}})).await;
        assert!(matches!(&refused, Err(Error::NoMember { pointer }) if pointer == "/of/whom"), "{nobody}: {refused:?}");
    }
}

#[tokio::test]
async fn a_rehearsal_rejects_an_unknown_subject_as_the_command_does() {
    let house = House::open().await;
    for (key, whom) in [("a", json!(ActorId(ambient().uuid()))), ("b", json!(member(&house).await))] {
        let refuses = key == "a";
        let request = eaf_core::command_bus::Request {
            name: "copied".into(),
            body: json!({"of": {"whom": whom}}),
            idempotency_key: key.into(),
            dry_run: true,
            precondition: None,
        };
        let answer = house.core.bus.execute(&house.book, &house.anna, request).await;
        assert_eq!(matches!(&answer, Err(Error::NoMember { pointer }) if pointer == "/of/whom"), refuses, "{answer:?}");
    }
}
