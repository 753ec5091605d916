//! Tests of the command bus: commands are decided and recorded, with a plugin that can violate the
//! rules.

use crate::append::{activate, request as append_request};
use crate::chain::verify;
use crate::guestbook::{Guestbook, PAGES, PLUGIN};
use eaf_core::Core;
use eaf_core::actor::Caller;
use eaf_core::command_bus::{Answer, Error, Request};
use eaf_core::contract::Rejection;
use eaf_core::event_store::{Position, read_after};
use eaf_core::id::{StreamId, TenantId};
use eaf_core::testing::{Database, ambient, person};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

pub struct House {
    pub database: Database,
    pub core: Core,
    pub book: Guestbook,
    pub anna: Caller,
}

impl House {
    pub async fn open() -> House {
        let database = Database::fresh().await;
        let core = database.core().await;
        activate(&database, PLUGIN, 1).await;
        let tenant = eaf_core::directory::add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
        House { database, core, book: Guestbook::new(), anna: person(tenant, &["guestbook.sign"]) }
    }

    pub async fn give(&self, name: &str, key: &str, body: Value) -> Result<Answer, Error> {
        self.core.bus.execute(&self.book, &self.anna, request(name, key, body)).await
    }

    async fn events(&self) -> usize {
        let mut tx = self.core.db.tenant(self.anna.tenant).await.unwrap();
        read_after(&mut tx, 0, 1000).await.unwrap().len()
    }
}

fn request(name: &str, key: &str, body: Value) -> Request {
    Request { name: name.into(), body, idempotency_key: key.into(), dry_run: false, precondition: None }
}

fn position(answer: &Answer) -> Option<Position> {
    match answer {
        Answer::Accepted { position, .. } => *position,
        Answer::Rejected(rejection) => panic!("{rejection:?}"),
    }
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_and_another_body_is_a_conflict() {
    let house = House::open().await;
    let first = house.give("sign", "k1", json!({"book": "a", "note": "hi"})).await.unwrap();
    assert_eq!(position(&first).unwrap().to_string(), "1-1");
    // The fingerprint ignores the order of members.
    let again = house.give("sign", "k1", json!({"note": "hi", "book": "a"})).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(house.book.decided.load(Ordering::SeqCst), 1);
    for other in [json!({"book": "a", "note": "ho"}), json!({"book": "a"}), json!({})] {
        assert!(matches!(house.give("sign", "k1", other).await, Err(Error::KeyReused)));
    }
    assert!(matches!(house.give("look", "k1", json!({"book": "a", "note": "hi"})).await, Err(Error::KeyReused)));
    assert_eq!(house.events().await, 1);
    // An equal key of another actor is another key.
    let ben = person(house.anna.tenant, &[]);
    let theirs = house.core.bus.execute(&house.book, &ben, request("sign", "k1", json!({"book": "a"}))).await.unwrap();
    assert_eq!(position(&theirs).unwrap().pos, 2);
}

#[tokio::test]
async fn a_retry_across_an_upgrade_gets_the_first_answer() {
    let mut house = House::open().await;
    let body = json!({ "book": "a", "note": "hi" });
    let first = house.give("sign", "k", body.clone()).await.unwrap();
    // The plugin has a newer version of the command, then none, then the first version again.
    let known = house.book.commands("sign", 2);
    assert_eq!(house.give("sign", "k", body.clone()).await.unwrap(), first);
    house.book.commands("gone", 1);
    assert_eq!(house.give("sign", "k", body.clone()).await.unwrap(), first);
    let never = house.give("sign", "never", body.clone()).await;
    assert!(matches!(never, Err(Error::UnknownCommand { .. })), "{never:?}");
    house.book.commands("sign", known);
    assert_eq!(house.give("sign", "k", body.clone()).await.unwrap(), first);
    house.book.commands("sign", 2);
    assert_eq!(house.give("sign", "k", body).await.unwrap(), first);
    assert!(matches!(house.give("sign", "k", json!({})).await, Err(Error::KeyReused)));
    assert_eq!(house.events().await, 1);
}

#[tokio::test]
async fn a_rejection_is_repeated_though_the_command_would_now_be_accepted() {
    let house = House::open().await;
    for n in 0..PAGES {
        house.give("sign", &format!("fill-{n}"), json!({})).await.unwrap();
    }
    let no = house.give("sign", "late", json!({})).await.unwrap();
    let Answer::Rejected(Rejection { code, params, .. }) = &no else { panic!("{no:?}") };
    assert_eq!((code.as_str(), &params["pages"]), ("full", &json!(PAGES)));
    let decided = house.book.decided.load(Ordering::SeqCst);
    assert_eq!(house.give("sign", "late", json!({})).await.unwrap(), no);
    assert_eq!(house.book.decided.load(Ordering::SeqCst), decided);
    assert_eq!(house.events().await as u64, PAGES);
}

#[tokio::test]
async fn a_decision_without_events_is_recorded_too() {
    let house = House::open().await;
    let first = house.give("look", "k", json!({})).await.unwrap();
    assert_eq!(position(&first), None);
    assert_eq!(house.give("look", "k", json!({})).await.unwrap(), first);
    assert_eq!(house.book.decided.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_rehearsal_stores_nothing_and_does_not_use_its_key() {
    let house = House::open().await;
    let rehearsal = Request { dry_run: true, ..request("sign", "k", json!({})) };
    let answer = house.core.bus.execute(&house.book, &house.anna, rehearsal).await.unwrap();
    assert_eq!(position(&answer), None);
    assert_eq!(house.events().await, 0);
    assert_eq!(position(&house.give("sign", "k", json!({"book": "x"})).await.unwrap()).unwrap().pos, 1);
}

/// Append request to the stream of a guest book, so that a decision on the same stream conflicts.
fn conflicting(house: &House) -> (Core, TenantId, eaf_core::event_store::AppendRequest) {
    let tenant = house.anna.tenant;
    let stream = StreamId::derive(tenant, "guestbook/book/main");
    let mut request = append_request(&[(stream, None, 1)]);
    let event = &mut request.events[0];
    event.kind = "guestbook.signed".into();
    event.meta = serde_json::to_vec(&json!({
        "actor": house.anna.actor, "actor_kind": "person", "command_id": ambient().uuid(), "trace_id": "",
        "stream": "guestbook/book/main", "plugin": PLUGIN, "generation": 1, "digest": "",
    }))
    .unwrap();
    (house.core.clone(), tenant, request)
}

#[tokio::test]
async fn a_conflict_decides_again_on_the_new_events() {
    let house = House::open().await;
    house.book.conflicts.lock().unwrap().push(conflicting(&house));
    let answer = house.give("sign", "k", json!({})).await.unwrap();
    assert_eq!(position(&answer).unwrap().pos, 2);
    assert_eq!(house.book.decided.load(Ordering::SeqCst), 2);
    let mut tx = house.core.db.tenant(house.anna.tenant).await.unwrap();
    let events = read_after(&mut tx, 1, 10).await.unwrap();
    assert_eq!((events[0].version, &events[0].data["page"]), (2, &json!(2)));
}

#[tokio::test]
async fn a_rejection_on_an_outdated_state_is_decided_again() {
    let house = House::open().await;
    // Each decision conflicts until the book is full, and then the rejection is recorded.
    house.book.conflicts.lock().unwrap().extend((0..PAGES).map(|_| conflicting(&house)));
    let answer = house.give("sign", "k", json!({})).await.unwrap();
    assert!(matches!(answer, Answer::Rejected(_)), "{answer:?}");
    assert_eq!(house.book.decided.load(Ordering::SeqCst) as u64, PAGES + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_concurrent_commands_three_fill_a_book_of_three_pages() {
    let house = std::sync::Arc::new(House::open().await);
    let guests: Vec<_> = (0..20)
        .map(|n| {
            let house = house.clone();
            tokio::spawn(async move { house.give("sign", &format!("guest-{n}"), json!({})).await })
        })
        .collect();
    let (mut signed, mut refused) = (0, 0);
    for guest in guests {
        match guest.await.unwrap().unwrap() {
            Answer::Accepted { .. } => signed += 1,
            Answer::Rejected(_) => refused += 1,
        }
    }
    assert_eq!((signed, refused), (3, 17));
    assert_eq!(verify(&house.database, house.anna.tenant).await, 3);
}

#[tokio::test]
async fn an_invalid_decision_is_rejected_and_records_nothing() {
    let house = House::open().await;
    macro_rules! refused {
        ($name:literal, $error:pat) => {
            let result = house.give($name, $name, json!({})).await;
            assert!(matches!(result, Err($error)), "{}: {result:?}", $name);
        };
    }
    refused!("stray", Error::OutsideBoundary { .. });
    refused!("write-read", Error::OutsideBoundary { .. });
    refused!("undeclared", Error::UndeclaredEvent { .. });
    refused!("many", Error::TooManyEvents { .. });
    refused!("huge", Error::TooLarge { .. });
    refused!("stranger", Error::Personal(_));
    refused!("reserved", Error::Personal(_));
    refused!("endless", Error::TooManyRounds { .. });
    refused!("wide", Error::TooManyStreams { .. });
    refused!("unheard-of", Error::UnknownCommand { .. });
    let forged = house.give("sign", "forged", json!({"extra": [1, {"$sealed": "eHh4eHh4eHh4eHh4eHh4eHg="}]})).await;
    assert!(matches!(forged, Err(Error::Reserved { pointer }) if pointer == "/extra/1"));
    let large = house.give("sign", "large", json!({"note": "x".repeat(1024 * 1024)})).await;
    assert!(matches!(large, Err(Error::TooLarge { .. })));
    for key in [String::new(), "k".repeat(201)] {
        assert!(matches!(house.give("sign", &key, json!({})).await, Err(Error::Key)));
    }
    assert_eq!(house.events().await, 0);
    // The boundary of `deep` takes four rounds, the maximum.
    house.give("deep", "deep", json!({})).await.unwrap();
}

#[tokio::test]
async fn an_inactive_generation_cannot_append_and_old_answers_remain() {
    let house = House::open().await;
    let first = house.give("sign", "before", json!({})).await.unwrap();
    activate(&house.database, PLUGIN, 2).await;
    assert!(matches!(house.give("sign", "after", json!({})).await, Err(Error::Generation)));
    assert_eq!(house.give("sign", "before", json!({})).await.unwrap(), first);
    assert_eq!(house.events().await, 1);
}

#[tokio::test]
async fn a_history_with_an_unknown_event_is_not_decided_on() {
    let house = House::open().await;
    for (kind, schema) in [("guestbook.signed", 2), ("guestbook.burnt", 1)] {
        let (core, tenant, mut newer) = conflicting(&house);
        newer.streams[0].stream = StreamId::derive(tenant, &format!("guestbook/book/{kind}"));
        newer.events[0].kind = kind.into();
        newer.events[0].schema = schema;
        core.appender.append(tenant, newer).await.unwrap();
        let refused = house.give("sign", kind, json!({ "book": kind })).await;
        let Err(Error::UnknownEvent(unknown)) = refused else { panic!("{refused:?}") };
        assert_eq!((unknown.kind.as_str(), unknown.schema), (kind.strip_prefix("guestbook.").unwrap(), schema));
    }
    assert_eq!(house.events().await, 2, "nothing was recorded");
    assert!(house.give("sign", "elsewhere", json!({})).await.is_ok(), "other streams are not concerned");
}
