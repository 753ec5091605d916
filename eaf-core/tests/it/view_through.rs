//! Tests of the read rule by a row of another view: a row of `others` is readable if the row of
//! `things` that its `owner` names is.

use crate::toy::{Toy, delete, patch, record, through, upsert, while_open};
use crate::views::{House, all, house};
use eaf_core::actor::Caller;
use eaf_core::consumers::rebuild::{begin, switch};
use eaf_core::consumers::{Runner, Step, prepare, status};
use eaf_core::contract::ReadRule;
use eaf_core::event_store::Position;
use eaf_core::id::{ActorId, TenantId};
use eaf_core::testing::person;
use eaf_core::view::{self, Error, Filter, PackageView, Query};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const ANNA: ActorId = ActorId(Uuid::from_u128(1));
const BEN: ActorId = ActorId(Uuid::from_u128(2));

fn actor(tenant: TenantId, id: ActorId) -> Caller {
    Caller { actor: id, ..person(tenant, &["toy.act"]) }
}

/// Two things, of which one asks Anna and one asks Ben, and notes about them.
async fn notes(house: &House) -> Position {
    let asks = |id: ActorId| json!({ "waits_for": { "actors": [id] } });
    let about = |thing: &str| json!({ "owner": thing, "name": format!("note on {thing}") });
    let rows = vec![
        upsert("1", asks(ANNA)),
        upsert("2", asks(BEN)),
        upsert("note-1", about("1")),
        upsert("note-2", about("2")),
        upsert("note-3", about("missing")),
        upsert("note-4", json!({ "name": "note on no thing" })),
    ];
    record_rows(house, rows).await
}

async fn record_rows(house: &House, rows: Vec<(&str, Value)>) -> Position {
    let last = record(&house.core, house.acme, rows).await;
    project(house, "things").await;
    project(house, "others").await;
    last
}

async fn project(house: &House, view: &str) {
    let consumers = &house.core.consumers;
    while let Step::Advanced { .. } = consumers.project_batch(&house.toy, house.acme, view).await.unwrap() {}
}

/// Runs a host until no consumer lags.
async fn catch_up(house: &House) {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let runner = Runner::new(Arc::new(house.core.clone()), vec![Arc::new(Toy::new())]);
    let running = tokio::spawn(runner.run(async { _ = stopped.await }));
    while status(&house.core.db, house.core.ambient.now()).await.unwrap().iter().any(|copy| copy.tenants_behind > 0) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    _ = stop.send(());
    running.await.unwrap();
}

async fn keys(house: &House, caller: &Caller, query: &Query) -> Vec<String> {
    let page = view::query(&house.core.db, caller, house.toy.others(), query).await.unwrap();
    page.items.into_iter().map(|row| row.key).collect()
}

/// Keys of the rows that the caller reads: by list, filter, search and singly, all the same.
async fn seen(house: &House, caller: &Caller) -> Vec<String> {
    let keys_of = async |query: Query| keys(house, caller, &query).await;
    let listed = keys_of(all()).await;
    assert_eq!(keys_of(Query { search: Some("note".into()), ..all() }).await, listed, "search");
    let filters = vec![Filter { column: "owner".into(), values: ["1", "2", "missing"].map(Into::into).into() }];
    assert_eq!(keys_of(Query { filters, ..all() }).await, listed, "filter");
    for key in ["1", "2", "note-1", "note-2", "note-3", "note-4"] {
        let row = view::get(&house.core.db, caller, house.toy.others(), key).await.unwrap();
        assert_eq!(row.is_some(), listed.iter().any(|seen| seen == key), "{key}");
    }
    listed
}

async fn changed(house: &House, caller: &Caller, after: Position) -> Vec<(String, bool)> {
    let changes = view::changed_since(&house.core.db, caller, house.toy.others(), after, 10).await.unwrap();
    changes.rows.into_iter().map(|change| (change.key, change.deleted)).collect()
}

#[tokio::test]
async fn a_row_is_readable_through_the_row_that_the_caller_may_read() {
    let house = house().await;
    notes(&house).await;
    assert_eq!(seen(&house, &actor(house.acme, ANNA)).await, ["note-1"]);
    assert_eq!(seen(&house, &actor(house.acme, BEN)).await, ["note-2"]);
    assert!(seen(&house, &actor(house.acme, ActorId(Uuid::from_u128(3)))).await.is_empty());
    assert!(seen(&house, &actor(house.globex, ANNA)).await.is_empty(), "another tenant");
    // A person who may read all things reads the notes on each, and no others.
    let reader = person(house.acme, &["toy.read"]);
    assert_eq!(keys(&house, &reader, &all()).await.len(), 6);
    let mut through_all = house.toy.others().view.clone();
    through_all.read.remove(0);
    let of_things = PackageView { view: &through_all, ..house.toy.others() };
    let both = person(house.acme, &["toy.read", "toy.act"]);
    let page = view::query(&house.core.db, &both, of_things, &all()).await.unwrap();
    assert_eq!(page.items.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["note-1", "note-2"]);
}

#[tokio::test]
async fn the_rule_follows_each_change_of_the_other_row() {
    let house = house().await;
    notes(&house).await;
    let anna = actor(house.acme, ANNA);
    record_rows(&house, vec![patch("1", json!({ "waits_for": null })), patch("2", json!({ "owner": ANNA }))]).await;
    assert!(seen(&house, &anna).await.is_empty(), "asked no more");
    let owner = Caller { actor: ANNA, ..person(house.acme, &["toy.act", "toy.mine"]) };
    assert_eq!(seen(&house, &owner).await, ["note-2"], "by another rule of the other view");
    record_rows(&house, vec![delete("2")]).await;
    assert!(seen(&house, &owner).await.is_empty(), "the other row was deleted");
}

/// Rows about Lena are readable for the people whom an open row with her name asks, and for no
/// other person.
#[tokio::test]
async fn a_row_is_readable_while_an_open_row_of_the_other_view_has_its_value() {
    let house = house().await;
    let asks = |id: ActorId, name: &str| json!({ "name": name, "waits_for": { "actors": [id] }, "terminal": false });
    let rows = vec![
        upsert("first", asks(ANNA, "lena")),
        upsert("second", asks(ANNA, "lena")),
        upsert("third", asks(BEN, "omar")),
        upsert("of-lena", json!({ "owner": "lena" })),
        upsert("of-omar", json!({ "owner": "omar" })),
    ];
    let before = record_rows(&house, vec![upsert("zero", json!({}))]).await;
    record_rows(&house, rows).await;
    let mut view = house.toy.others().view.clone();
    view.read = vec![while_open("owner", "things", "name")];
    let package = PackageView { view: &view, ..house.toy.others() };
    let (anna, ben) = (actor(house.acme, ANNA), actor(house.acme, BEN));
    let seen = async |caller: &Caller| {
        let page = view::query(&house.core.db, caller, package, &all()).await.expect("readable");
        page.items.into_iter().map(|row| row.key).collect::<Vec<_>>()
    };
    assert_eq!((seen(&anna).await, seen(&ben).await), (vec!["of-lena".to_owned()], vec!["of-omar".to_owned()]));
    let changes = view::changed_since(&house.core.db, &anna, package, before, 100).await.expect("changes");
    assert_eq!(changes.rows.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["of-lena"]);

    record_rows(&house, vec![patch("first", json!({ "terminal": true }))]).await;
    assert_eq!(seen(&anna).await, ["of-lena"], "the second row is open");
    record_rows(&house, vec![patch("second", json!({ "terminal": true }))]).await;
    assert!(seen(&anna).await.is_empty(), "no row of Lena is open");
    record_rows(&house, vec![delete("third")]).await;
    assert!(seen(&ben).await.is_empty(), "the open row was deleted");
    assert!(seen(&actor(house.globex, ANNA)).await.is_empty(), "another tenant");
}

#[tokio::test]
async fn a_caller_without_the_permission_of_either_view_may_not_read() {
    let house = house().await;
    notes(&house).await;
    for (permissions, may_read) in [(vec!["toy.mine"], false), (vec!["toy.act"], true), (vec![], false)] {
        let caller = Caller { actor: ANNA, ..person(house.acme, &permissions) };
        assert_eq!(view::may_read(&caller, house.toy.others()), may_read, "{permissions:?}");
        let read = view::query(&house.core.db, &caller, house.toy.others(), &all()).await;
        assert_eq!(!matches!(read, Err(Error::Forbidden(_))), may_read, "{permissions:?}");
        let alone = PackageView::alone("toy", house.toy.others().view);
        assert!(!view::may_read(&caller, alone), "no other view is known");
    }
}

#[tokio::test]
async fn live_updates_name_a_row_when_it_becomes_readable() {
    let house = house().await;
    let (anna, start) = (actor(house.acme, ANNA), notes(&house).await);
    record_rows(&house, vec![patch("note-1", json!({ "size": 1 })), patch("note-2", json!({ "size": 1 }))]).await;
    assert_eq!(changed(&house, &anna, start).await, [("note-1".to_owned(), false)]);
    // The thing asks her now: the note on it did not change itself.
    let asked = record_rows(&house, vec![patch("2", json!({ "waits_for": { "actors": [ANNA] } }))]).await;
    let before = Position { pos: asked.pos - 1, ..asked };
    assert_eq!(changed(&house, &anna, before).await, [("note-2".to_owned(), false)]);
    assert!(changed(&house, &actor(house.acme, BEN), before).await.is_empty(), "asked no more");
    // A deletion reaches her also when the thing is deleted with the note.
    let last = record_rows(&house, vec![delete("note-1"), delete("1")]).await;
    assert_eq!(changed(&house, &anna, Position { pos: last.pos - 2, ..last }).await, [("note-1".to_owned(), true)]);
    assert!(changed(&house, &actor(house.globex, ANNA), start).await.is_empty(), "another tenant");
}

#[tokio::test]
async fn live_updates_wait_for_the_slower_of_both_views() {
    let house = house().await;
    let (anna, start) = (actor(house.acme, ANNA), notes(&house).await);
    let rows = vec![
        upsert("5", json!({ "waits_for": { "actors": [ANNA] } })),
        upsert("note-5", json!({ "owner": "5" })),
        patch("note-1", json!({ "size": 1 })),
    ];
    let last = record(&house.core, house.acme, rows).await;
    project(&house, "others").await;
    // Were note-1 named now, the client would ask for changes after it and miss note-5.
    assert!(changed(&house, &anna, start).await.is_empty());
    let position = view::current_position(&house.core.db, &anna, house.toy.others()).await.unwrap();
    assert_eq!(position.position, start);
    project(&house, "things").await;
    let mut names = changed(&house, &anna, start).await;
    names.sort();
    assert_eq!(names, [("note-1".to_owned(), false), ("note-5".to_owned(), false)]);
    let position = view::current_position(&house.core.db, &anna, house.toy.others()).await.unwrap();
    assert_eq!(position.position, last);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rule_holds_after_a_rebuild_of_the_other_view_and_clients_reload() {
    let house = house().await;
    let (anna, start) = (actor(house.acme, ANNA), notes(&house).await);
    let build_id = async |caller: &Caller| {
        view::changed_since(&house.core.db, caller, house.toy.others(), start, 10).await.unwrap().build_id
    };
    let reader = person(house.acme, &["toy.read"]);
    let (before, of_reader) = (build_id(&anna).await, build_id(&reader).await);
    let by = &house.core.by;
    begin(&house.core.db, by, "toy", "things").await.unwrap();
    let copies = view::copies(&house.core.db).await.unwrap();
    assert_eq!(copies.iter().filter(|copy| copy.view == "things").count(), 2);
    assert_eq!(seen(&house, &anna).await, ["note-1"], "while the copy is built");
    catch_up(&house).await;
    switch(&house.core.db, by, &[house.acme, house.globex], "toy", "things", false).await.unwrap();
    assert_eq!(seen(&house, &anna).await, ["note-1"], "after the switch");
    assert_ne!(build_id(&anna).await, before, "rows may have become readable without a change");
    assert_eq!(build_id(&reader).await, of_reader, "a reader of all rows reads no other view");
}

#[tokio::test]
async fn a_rule_through_an_unusable_view_is_refused() {
    let house = house().await;
    for (rule, why) in [
        (through("owner", "unknown"), "no view of the package"),
        (through("owner", "others"), "itself"),
        (through("missing", "things"), "no text column with a filter"),
        (through("size", "things"), "no text column with a filter"),
        (through("facts", "things"), "no text column with a filter"),
        (while_open("owner", "things", "missing"), "no text column with a filter"),
        (while_open("owner", "things", "size"), "no text column with a filter"),
        (ReadRule { own: Some("owner".into()), ..through("owner", "things") }, "two of"),
    ] {
        let refused = prepare(&house.core.db, &Toy::with_rule(rule.clone())).await.unwrap_err();
        assert!(format!("{refused:?}").contains(why), "{rule:?}: {refused}");
    }
    let chain = Toy::with_rule(through("owner", "things"));
    let mut things = house.toy.view().clone();
    things.read.push(through("owner", "others"));
    let views = [things, chain.others().view.clone()];
    for view in &views {
        let refused = view::check_through(view, &views).unwrap_err();
        assert!(refused.to_string().contains("whose own rules go through another view"), "{refused}");
    }
}
